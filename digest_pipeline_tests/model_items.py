"""Commits to be analysed by a model, and good answers about them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from digest_pipeline import llm
from digest_pipeline.analyses import Item, analyse
from digest_pipeline.model.asking import Asking
from digest_pipeline.model.questions import Tally
from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    ChangeType,
    Commit,
    FileChange,
    FileKind,
    FileText,
    Reason,
    Tier,
    Triage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest_pipeline.answers import Answers
    from digest_pipeline.model.calls import Door

DAY = dt.date(2026, 2, 18)
LANDED = 1_771_400_000

OLD = b"import time\n\n\nclass Pool:\n    def __init__(self, retries=0):\n        self.retries = retries\n"
NEW = b"import time\n\n\nclass Pool:\n    def __init__(self, retries=3):\n        self.retries = retries\n"
PATCH = (
    "@@ -2,5 +2,5 @@ import time\n \n \n class Pool:\n-    def __init__(self, retries=0):\n"
    "+    def __init__(self, retries=3):\n         self.retries = retries\n"
)


def change(
    path: str = "net/pool.py", kind: FileKind = FileKind.SOURCE, added: int = 1, removed: int = 1
) -> FileChange:
    return FileChange(path, None, "M", added, removed, is_binary=False, kind=kind)


def item(
    number: int = 1,
    tier: Tier = Tier.MEDIUM,
    *,
    subject: str | None = None,
    texts: tuple[FileText, ...] | None = None,
    reasons: tuple[Reason, ...] = (),
) -> Item:
    """A commit that changes a default; commits with different numbers ask different questions."""
    if texts is None:
        texts = (FileText(change(), OLD, NEW, PATCH),)
    sha = f"{number:040x}"
    commit = Commit(
        repo="o/r",
        sha=sha,
        day=DAY,
        landed_at=LANDED + number,
        committed_at=LANDED,
        authored_at=LANDED,
        author_name="Ada",
        author_email="ada@example.com",
        committer_name="Ada",
        subject=subject if subject is not None else f"Retry lost connections, part {number}",
        body="The server drops idle connections.",
        pr_number=None,
        is_merge=False,
        landed_by=sha,
        files=tuple(text.change for text in texts),
    )
    triage = Triage(sha, ChangeType.FIX, "net", tier, 3.0, reasons)
    by_rules = Analysis(
        "o/r", sha, DAY, tier, "rules", AnalysisState.OK, None, ChangeType.FIX, "规则摘要", ("net/pool.py",)
    )
    return Item(commit, triage, lambda: texts, ("default changed: retries 0 -> 3",), by_rules)


def good(**fields: object) -> str:
    """An answer of which everything stands in the commit; fits all tiers."""
    claim = {
        "text": "`retries` 的默认值由 0 变为 3",
        "file": "net/pool.py",
        "quote": "def __init__(self, retries=3):",
    }
    answer: dict[str, Any] = {
        "change_type": "fix",
        "headline": "连接池 `Pool` 默认重试断开的连接",
        "importance": {"move": "none", "reason": ""},
        "summary": "`Pool` 的 `retries` 默认值改变，断开的连接会先重连再报错。",
        "scope": ["net/pool.py"],
        "behaviour": [claim],
        "advice": [],
        "insights": {"architecture": None, "performance": None, "security": None},
        "risks": [],
    }
    return json.dumps(answer | fields, ensure_ascii=False)


class Ran(NamedTuple):
    """What came of a run."""

    analyses: dict[str, Analysis]
    tally: Tally
    stopped: str | None
    asking: Asking


def ran(  # noqa: PLR0913 - each is a thing from outside
    items: Sequence[Item],
    config: llm.ModelConfig,
    answers: Answers,
    *,
    language: str = "zh",
    force: bool = False,
    door: Door = llm,
) -> Ran:
    """Analyse some commits of one day."""
    asking = Asking(config, answers, now=LANDED, force=force, door=door)
    found = analyse(items, asking, language=language, tallies={DAY: Tally()})
    return Ran(found, asking.tally, asking.stopped, asking)

"""Days to render: the recorded month of sglang, with plain rules in the place of the other stations."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    ChangeType,
    Claim,
    Commit,
    DayRecord,
    DayState,
    FileChange,
    FileKind,
    Insights,
    Reason,
    Repository,
    Tier,
    Triage,
    day_of,
    window_of,
)
from digest_pipeline.pages import Page, page_of

if TYPE_CHECKING:
    from collections.abc import Sequence

GOLDEN = Path(__file__).parent / "golden"
ZONE = "Asia/Shanghai"
SGLANG = Repository("sgl-project/sglang", "https://github.com/sgl-project/sglang.git", "main")
SEED_DAY = dt.date(2026, 2, 18)
_TYPES = {
    "feat": ChangeType.FEATURE,
    "fix": ChangeType.FIX,
    "revert": ChangeType.REVERT,
    "doc": ChangeType.DOCS,
}


@dataclasses.dataclass(frozen=True)
class Day:
    """What the stations before the reports know of one repository and day."""

    commits: tuple[Commit, ...]
    triages: dict[str, Triage]
    analyses: dict[str, Analysis]


SAID = {
    "zh": (
        "改动「{subject}」的实现，见 `module_0.py`。",
        "`send()` 的返回类型由 `dict` 变为 `Result`，调用方需要调整。",
        "入口统一到 `build_params`。",
        "旧的 `send_all` 已删除。",
        "升级前检查 `send()` 的调用处。",
    ),
    "en": (
        'Changes how "{subject}" works, see `module_0.py`.',
        "`send()` returns `Result` instead of `dict`; callers must adapt.",
        "All entry points go through `build_params`.",
        "The old `send_all` is gone.",
        "Check the calls of `send()` before you upgrade.",
    ),
}
"""Summary, behaviour, insight, risk and advice of the analyses."""


def recorded(language: str = "zh") -> dict[dt.date, Day]:
    """The recorded month of sglang by day."""
    days: dict[dt.date, list[tuple[Commit, Tier]]] = {}
    for line in (GOLDEN / "sglang-2026-02.jsonl").read_text("utf-8").splitlines():
        when, author, message, sha, tier = json.loads(line)
        commit = commit_of(
            message, sha=sha, author=author, at=int(dt.datetime.fromisoformat(when).timestamp())
        )
        days.setdefault(commit.day, []).append((commit, Tier(tier)))
    return {day: day_with(rows, language) for day, rows in days.items()}


def day_with(rows: Sequence[tuple[Commit, Tier]], language: str = "zh") -> Day:
    """A day of commits with the tier that each shall have."""
    triages = {commit.sha: triage_of(commit, tier) for commit, tier in rows}
    analyses = {commit.sha: analysis_of(commit, triages[commit.sha], language) for commit, _ in rows}
    return Day(tuple(commit for commit, _ in rows), triages, analyses)


def commit_of(
    message: str, *, sha: str = "", author: str = "Ada Lovelace", at: int = 1771400000, files: int = 2
) -> Commit:
    """A commit on the mainline with `files` changed files."""
    sha = sha or hashlib.sha256(f"{message}{at}".encode("utf-8", "surrogatepass")).hexdigest()[:40]
    subject, _, body = message.partition("\n")
    number = re.search(r"\(#(\d+)\)\s*$", subject)
    size = int(sha[:2], 16)
    return Commit(
        repo=SGLANG.name,
        sha=sha,
        day=day_of(at, ZONE),
        landed_at=at,
        committed_at=at,
        authored_at=at,
        author_name=author,
        author_email=f"{re.sub(r'[^a-z]+', '.', author.lower())}@example.com",
        committer_name="GitHub",
        subject=subject,
        body=body.strip(),
        pr_number=int(number[1]) if number else None,
        is_merge=False,
        landed_by=sha,
        files=tuple(
            FileChange(
                f"python/sglang/srt/module_{n}.py", None, "M", size, n, is_binary=False, kind=FileKind.SOURCE
            )
            for n in range(files)
        ),
    )


def triage_of(commit: Commit, tier: Tier) -> Triage:
    """What rules might say: the area of the first tag, and one or two reasons."""
    tag = re.match(r"\[([^\]/]+)\]", commit.subject)
    series = re.search(r"\[(\d+/\w?\d*)\]", commit.subject)
    word = next((w for w in _TYPES if w in commit.subject.lower()), "")
    score = {Tier.HIGH: 7.0, Tier.MEDIUM: 3.5, Tier.LOW: 0.5}[tier]
    return Triage(
        sha=commit.sha,
        change_type=_TYPES.get(word, ChangeType.REFACTOR),
        area=tag[1].lower() if tag else "core",
        importance=tier,
        score=score,
        reasons=(Reason("public_name_added", 3, 2), Reason("tests_only", -1)) if tier is not Tier.LOW else (),
        series=series[1] if series else None,
    )


def analysis_of(commit: Commit, triage: Triage, language: str = "zh") -> Analysis:
    """An analysis with every field that the tier may have."""
    high = triage.importance is Tier.HIGH
    summary, behaviour, insight, risk, advice = SAID[language]
    return Analysis(
        repo=commit.repo,
        sha=commit.sha,
        day=commit.day,
        tier=triage.importance,
        source="rules",
        state=AnalysisState.OK,
        reason=None,
        change_type=triage.change_type,
        summary=summary.format(subject=commit.subject[:50]),
        scope=tuple(f.path for f in commit.files),
        behaviour=(behaviour,) if high else (),
        insights=Insights(architecture=insight) if high else Insights(),
        risks=(Claim(risk, commit.files[0].path, "def send_all"),) if high else (),
        advice=(advice,) if triage.importance is not Tier.LOW else (),
    )


def record_of(day: dt.date, state: DayState = DayState.COMPLETE, **changes: Any) -> DayRecord:  # noqa: ANN401 - any field of a record
    """A row of the table `days`; the sums do not matter to a page, it counts its entries."""
    row = DayRecord(SGLANG.name, day, state, None, 0, 0, 0, 0, 0, 0, None, None, None, None)
    return dataclasses.replace(row, **changes)


def page(day: dt.date, of: Day, language: str = "zh", **more: Any) -> Page:  # noqa: ANN401 - what page_of takes
    """The page of a day; `more` goes to `page_of`."""
    record = more.pop("record", record_of(day))
    repository = more.pop("repository", SGLANG)
    window = window_of(day, ZONE)
    return page_of(
        repository, window, ZONE, record, of.commits, of.triages, of.analyses, language=language, **more
    )

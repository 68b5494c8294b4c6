"""Station 3 with a model for the days of a run: opens the ledger, asks, and counts by day.

What to ask and what an answer is worth is `analyses.py`'s and `model_highlights.py`'s matter.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import TYPE_CHECKING

from digest_pipeline.analyses import Item, analyse
from digest_pipeline.answers import Answers
from digest_pipeline.commits import read_texts
from digest_pipeline.llm import ModelConfig
from digest_pipeline.model.asking import Asking
from digest_pipeline.model.model_highlights import highlights
from digest_pipeline.model.prompts import version_of
from digest_pipeline.model.questions import Tally
from digest_pipeline.model.replies import FORMS, GivenHighlights, schema_of
from digest_pipeline.models import Tier

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from digest_pipeline.judging import Judged
    from digest_pipeline.settings import Settings
    from digest_pipeline.workspace import Workspace


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What asking took."""

    tallies: dict[dt.date, Tally]
    figures: dict[str, float]
    """Of the whole run."""
    stopped: str | None
    """The fatal cause because of which commits were not asked."""


def ask_model(
    workspace: Workspace, clone: Path, judged: Mapping[dt.date, Judged], *, force: bool, now: int
) -> Asked:
    """Replace the rules' analyses by those of the model, for all days at once so that no call waits."""
    settings = workspace.settings
    language = settings.language
    items = [
        Item(
            commit=commit,
            triage=day.triages[commit.sha],
            texts=functools.partial(read_texts, clone, commit),
            fact_lines=day.fact_lines[commit.sha],
            by_rules=day.analyses[commit.sha],
            held=commit.sha in day.held,
        )
        for day in judged.values()
        for commit in day.commits
    ]
    tallies = {day: Tally() for day in judged}
    answers = Answers(settings.pipeline_dir / "answers.sqlite")
    try:
        key = os.environ.get(settings.analysis.api_key_env or "")
        asking = Asking(model_config(settings), answers, now=now, force=force, api_key=key)
        found = analyse(
            items,
            asking,
            language=language,
            tallies=tallies,
            progress=lambda done, total: workspace.progress("analyses", done, total),
        )
        for day in judged.values():
            day.analyses = {sha: found.get(sha, known) for sha, known in day.analyses.items()}
        # Also when no model can be asked any more: the ledger may have the answer.
        days = {day: list(values.analyses.values()) for day, values in judged.items()}
        for day, bullets in highlights(days, asking, language=language, tallies=tallies).items():
            judged[day].highlights = bullets
        stopped = asking.stopped
        workspace.store.replace_model_calls(answers.calls(0))
    finally:
        answers.close()
    return Asked(tallies, asking.tally.figures(), stopped.value if stopped else None)


def model_config(settings: Settings) -> ModelConfig:
    """What `[analysis]` says, as `analyses` takes it."""
    chosen = settings.analysis
    return ModelConfig(
        model=chosen.model,
        models={tier: model for tier in Tier if (model := getattr(chosen.models, tier.value))},
        fallbacks=chosen.fallbacks,
        api_base=chosen.api_base,
        max_concurrency=chosen.max_concurrency,
        timeout_seconds=chosen.timeout_seconds,
        max_cost_usd_per_run=chosen.max_cost_usd_per_run,
        max_cost_usd_per_day=chosen.max_cost_usd_per_day,
        max_tokens_per_day=chosen.max_tokens_per_day,
        prompts_dir=chosen.prompts,
    )


def prompt_version(settings: Settings) -> str:
    """What a page names as the version of its prompts: a short hash of templates and schemas."""
    schemas = [schema_of(form) for form in (*FORMS.values(), GivenHighlights)]
    return version_of(schemas, settings.language, settings.analysis.prompts)

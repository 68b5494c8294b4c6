"""The day's highlights by a model: one question a day, from verified analyses alone, each bullet checked.

What stands in without an answer are the rules' highlights (`highlights.py`); choosing between the two and
showing them is the report's matter.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, TypeVar

from digest_pipeline import llm
from digest_pipeline.model.evidence import Evidence
from digest_pipeline.model.prompts import Target, prompt_of, repaired
from digest_pipeline.model.prose import Count, checked, is_in_language
from digest_pipeline.model.questions import AnswerError
from digest_pipeline.model.replies import GivenHighlights, read, schema_of
from digest_pipeline.model.verify import TIERS
from digest_pipeline.models import AnalysisState, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from digest_pipeline.llm import ModelConfig
    from digest_pipeline.model.asking import Asking
    from digest_pipeline.model.questions import Prompt, Tally
    from digest_pipeline.models import Analysis

K = TypeVar("K")

Bullets = tuple[tuple[str, tuple[str, ...]], ...]
"""(sentence, SHAs of the commits it rests on), in the order of the page."""

FEWEST, MOST = 3, 6
LONGEST = {"zh": 60, "en": 25}
"""Characters of a Chinese sentence, words of an English one."""

INPUT_TOKENS = 6_000
OUTPUT_TOKENS = 3_000


def highlights(
    days: Mapping[K, Sequence[Analysis]], asking: Asking, *, language: str, tallies: Mapping[K, Tally]
) -> dict[K, Bullets]:
    """The highlights of each day that has verified analyses of a model and an answer that stands.

    `days`: the analyses of each day; those by rules alone are left out. `tallies` has one for each day,
    where its question is counted. A day without an entry in the result keeps the rules' highlights. Raises
    StoreError and SettingsError, never for what a model does.
    """
    questions = {
        day: _DayQuestion(ordered, asking.config, language, tallies[day])
        for day, analyses in days.items()
        if len(ordered := _verified(analyses)) > 1
    }
    once = dataclasses.replace(asking.config.patience, fewest_bad_answers=2, most_bad_answers=2)
    outcomes = asking.run(list(questions.values()), patience=once)
    return {day: o.value for day, o in zip(questions, outcomes, strict=True) if o.value}


def _verified(analyses: Sequence[Analysis]) -> list[Analysis]:
    """The model's analyses, the most important first, otherwise in a fixed order; as many as fit."""
    mine = [a for a in analyses if a.state is AnalysisState.OK and a.source != "rules"]
    ordered = sorted(mine, key=lambda a: (-TIERS.index(a.tier), a.summary, a.sha))
    kept: list[Analysis] = []
    left = INPUT_TOKENS
    for analysis in ordered:
        left -= llm.estimated_tokens(_material(analysis))
        if left < 0:
            break
        kept.append(analysis)
    return kept


def _material(analysis: Analysis) -> str:
    parts = [analysis.summary, *analysis.behaviour, *(risk.text for risk in analysis.risks)]
    return f"{analysis.tier.value}, {analysis.change_type.value}: {' '.join(parts)}"


class _DayQuestion:
    """What mattered on a day."""

    rank = (0,)
    bad_runs = 1
    """The rules' highlights are good enough not to pay again and again."""

    def __init__(
        self, analyses: Sequence[Analysis], config: ModelConfig, language: str, tally: Tally
    ) -> None:
        self.tally = tally
        self._analyses = analyses
        self._config = config
        self._language = language

    @property
    def models(self) -> tuple[str, ...]:
        return self._config.chain(Tier.HIGH)

    def prompt(self, model: str, *, shortened: bool) -> Prompt:
        analyses = self._analyses[: len(self._analyses) // 2] if shortened else self._analyses
        lines = [f"[{number}] {_material(analysis)}" for number, analysis in enumerate(analyses, start=1)]
        target = Target(model, self._config.base_of(model), schema_of(GivenHighlights), OUTPUT_TOKENS)
        data = {"analyses": "\n".join(lines)}
        return prompt_of("highlights", self._language, data, target, self._config.prompts_dir)

    def read(self, text: str, *, model: str, shortened: bool) -> Bullets:  # noqa: ARG002 - of all questions
        given = read(text, GivenHighlights)
        found: list[tuple[str, tuple[str, ...]]] = []
        cited: set[int] = set()
        for number, bullet in enumerate(given.bullets, start=1):
            mine = [
                n for n in dict.fromkeys(bullet.commits) if 0 < n <= len(self._analyses) and n not in cited
            ]
            sentence = self._sentence(bullet.text, mine)
            if not sentence or any(sentence == said for said, _ in found):
                continue
            if self._is_long(sentence):
                unit = {"zh": "characters", "en": "words"}[self._language]
                raise AnswerError(f"bullet {number} is longer than {LONGEST[self._language]} {unit}")
            cited.update(mine)
            found.append((sentence, tuple(self._analyses[n - 1].sha for n in mine)))
        if len(found) < min(FEWEST, len(self._analyses)):
            raise AnswerError(f"only {len(found)} bullets cite commits and stand in their analyses")
        if not is_in_language([sentence for sentence, _ in found], self._language):
            raise AnswerError(f"the bullets are not written in the language {self._language!r}")
        return tuple(found[:MOST])

    def _sentence(self, text: str, cited: Sequence[int]) -> str:
        """A bullet as far as the analyses that it cites bear it out; empty when they do not."""
        material = "\n".join(_material(self._analyses[n - 1]) for n in cited)
        count = Count()
        sentence = checked(text, Evidence(material), count)
        return sentence if cited and not count.unproven else ""

    def _is_long(self, sentence: str) -> bool:
        size = len(re.sub("`", "", sentence)) if self._language == "zh" else len(sentence.split())
        return size > LONGEST[self._language]

    def repair(self, prompt: Prompt, text: str, complaint: str) -> Prompt:
        return repaired(prompt, text, complaint, self._language, self._config.prompts_dir)

    def forget(self) -> None:
        """Nothing is kept: a prompt is made of a few lines each time."""

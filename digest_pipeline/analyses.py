"""Station 3 with a model: one question for each commit, one for each day's highlights.

Builds the questions and reads the answers; asking is `asking.py`'s matter, and what a commit is worth by
rules comes in with the items. Nothing from a repository or a model is trusted here: what is sent is
redacted and fenced, what comes back is verified.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from digest_pipeline.model.evidence import Evidence
from digest_pipeline.model.packing import Packed, pack
from digest_pipeline.model.prompts import Target, prompt_of, repaired
from digest_pipeline.model.prose import repeats
from digest_pipeline.model.questions import AnswerError
from digest_pipeline.model.replies import FORMS, read, schema_of
from digest_pipeline.model.retry import Cause
from digest_pipeline.model.verify import TIERS, Verified, verify
from digest_pipeline.models import Analysis, AnalysisState, Tier

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from digest_pipeline.llm import ModelConfig
    from digest_pipeline.model.asking import Asking
    from digest_pipeline.model.questions import Outcome, Prompt, Tally
    from digest_pipeline.models import Commit, FileText, Triage

INPUT_TOKENS = {Tier.HIGH: 12_000, Tier.MEDIUM: 4_000, Tier.LOW: 1_000}
"""Budget of what is shown of a commit, rules of the prompt not counted."""

OUTPUT_TOKENS = {Tier.HIGH: 6_000, Tier.MEDIUM: 3_000, Tier.LOW: 1_500}
"""Room for the answer, and for the thinking of models that think aloud."""

PENDING_REASONS: dict[str, dict[str, str]] = {
    Cause.NO_KEY: {"zh": "缺少模型的密钥或密钥无效", "en": "the model's key is missing or not valid"},
    Cause.FORBIDDEN: {"zh": "模型服务拒绝访问", "en": "the model's server denies access"},
    Cause.NO_MODEL: {"zh": "模型或地址不存在", "en": "the model or its address does not exist"},
    Cause.NO_CREDIT: {"zh": "模型账户额度用尽", "en": "the model's account has no credit left"},
    Cause.BUDGET_RUN: {"zh": "已达本次运行的费用上限", "en": "the cap on what a run may cost is reached"},
    Cause.BUDGET_DAY: {"zh": "已达当日的费用上限", "en": "the cap on what a day may cost is reached"},
    Cause.RATE_LIMIT: {"zh": "模型服务繁忙或限流", "en": "the model's server has too many requests"},
    Cause.SERVER: {"zh": "模型服务出错", "en": "the model's server failed"},
    Cause.TIMEOUT: {"zh": "模型未在时限内回答", "en": "the model did not answer in time"},
    Cause.BAD_ANSWER: {"zh": "模型的回答无法使用", "en": "the model's answer could not be used"},
    Cause.REFUSED: {"zh": "模型拒绝回答", "en": "the model refused to answer"},
    Cause.TOO_LONG: {"zh": "提交超出模型的输入长度", "en": "the commit is too long for the model"},
    Cause.BAD_INPUT: {"zh": "模型服务不接受该输入", "en": "the model's server does not take this input"},
}
"""All words of `Analysis.reason` of a commit that is pending or refused, with their labels."""


@dataclasses.dataclass(frozen=True)
class Item:
    """A commit to be analysed, with what rules know of it."""

    commit: Commit
    triage: Triage
    texts: Callable[[], Sequence[FileText]]
    """Reads its files, when its turn comes: those of a long range do not fit into the memory."""
    fact_lines: tuple[str, ...]
    """What the rules found out, for the model to read."""
    by_rules: Analysis
    """Stands in while there is no answer."""
    held: bool = False
    """A fact of security or of a breaking change forbids to lower its importance."""


def analyse(
    items: Iterable[Item],
    asking: Asking,
    *,
    language: str,
    tallies: Mapping[dt.date, Tally],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Analysis]:
    """The analyses of some commits, of any days: from the ledger, or asked of the models; by SHA.

    Important commits are asked first, then the newest. An answer is in the ledger before anything else
    happens to it. What could not be answered keeps the rules' analysis, `pending` when the next run asks
    again and `refused` when not, with a word of PENDING_REASONS. `tallies` has one for each day, where its
    questions are counted. Raises StoreError when the ledger fails and SettingsError when a template does;
    never for what a model does.
    """
    questions = [_CommitQuestion(item, asking.config, language, tallies[item.commit.day]) for item in items]
    outcomes = asking.run(questions, progress=progress)
    found: dict[str, Analysis] = {}
    for question, outcome in zip(questions, outcomes, strict=True):
        if outcome.value:
            for tally in (asking.tally, question.tally):
                tally.named += outcome.value.named
                tally.proven += outcome.value.proven
        found[question.item.commit.sha] = _analysis(question, outcome)
    return found


def _analysis(question: _CommitQuestion, outcome: Outcome[Verified]) -> Analysis:
    """The verified analysis, or the rules' one with the reason why there is none."""
    if outcome.value and outcome.answer:
        return dataclasses.replace(
            outcome.value.analysis,
            source=outcome.answer.model,
            coverage=question.coverage_of(outcome.answer.key),
            answer_key=outcome.answer.key,
        )
    state = AnalysisState.REFUSED if outcome.final else AnalysisState.PENDING
    return dataclasses.replace(
        question.item.by_rules, state=state, reason=outcome.cause.value if outcome.cause else None
    )


class _CommitQuestion:
    """What a commit means, asked of the models of its tier."""

    bad_runs = 3

    def __init__(self, item: Item, config: ModelConfig, language: str, tally: Tally) -> None:
        self.item = item
        self.tally = tally
        self._config = config
        self._language = language
        self._tier = item.triage.importance
        self._texts: Sequence[FileText] | None = None
        self._packs: dict[bool, Packed] = {}
        self._prompts: dict[tuple[str, bool], Prompt] = {}
        self._coverages: dict[str, float] = {}

    @property
    def rank(self) -> tuple[int, ...]:
        return (-TIERS.index(self._tier), -self.item.commit.landed_at)

    @property
    def models(self) -> tuple[str, ...]:
        return self._config.chain(self._tier)

    def _read_texts(self) -> Sequence[FileText]:
        if self._texts is None:
            self._texts = self.item.texts()
        return self._texts

    def _packed(self, *, shortened: bool) -> Packed:
        if shortened not in self._packs:
            item, budget = self.item, INPUT_TOKENS[self._tier] // (2 if shortened else 1)
            self._packs[shortened] = pack(item.commit, self._read_texts(), item.fact_lines, budget)
        return self._packs[shortened]

    def prompt(self, model: str, *, shortened: bool) -> Prompt:
        if (model, shortened) not in self._prompts:
            self._prompts[model, shortened] = self._made(model, shortened=shortened)
        return self._prompts[model, shortened]

    def _made(self, model: str, *, shortened: bool) -> Prompt:
        packed = self._packed(shortened=shortened)
        data = {
            "tier": self._tier.value,
            "message": packed.message,
            "files": packed.files,
            "facts": packed.facts,
            "diff": packed.diff,
            "percent": int(packed.coverage * 100),
        }
        target = Target(
            model, self._config.base_of(model), schema_of(FORMS[self._tier]), OUTPUT_TOKENS[self._tier]
        )
        prompt = prompt_of(self._tier.value, self._language, data, target, self._config.prompts_dir)
        self._coverages[prompt.key] = packed.coverage
        return prompt

    def read(self, text: str, *, model: str, shortened: bool) -> Verified:
        item = self.item
        evidence = Evidence.of_commit(item.commit, self._read_texts())
        given = read(text, FORMS[self._tier])
        value = verify(given, evidence, item.triage, item.by_rules, language=self._language, held=item.held)
        instructions = self.prompt(model, shortened=shortened).messages[0][1]
        if value.analysis.unverified and repeats(given.headline, instructions):
            # Small models copy the example; what it names is not in the commit.
            raise AnswerError("the headline repeats the example; say what this commit does")
        return value

    def repair(self, prompt: Prompt, text: str, complaint: str) -> Prompt:
        return repaired(prompt, text, complaint, self._language, self._config.prompts_dir)

    def forget(self) -> None:
        self._texts = None
        self._packs.clear()
        self._prompts.clear()

    def coverage_of(self, key: str) -> float:
        """The coverage of what was sent under a key."""
        return self._coverages[key]

"""What a model said of a commit, held against the commit: an `Analysis` with what stands.

Claims are dropped when their file was not touched or their quote stands nowhere; names and figures are
`prose.py`'s matter. The importance stays the rules'; the model may move it by one, with a reason that is
shown, and never below what some facts demand. Pure.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, TypeVar

from digest_pipeline.model.injections import NOTE
from digest_pipeline.model.prose import Count, checked, is_foreign, is_in_language
from digest_pipeline.model.questions import AnswerError
from digest_pipeline.model.replies import (
    Given,
    GivenClaim,
    GivenHigh,
    GivenInsights,
    GivenMedium,
    GivenMove,
)
from digest_pipeline.models import Analysis, AnalysisState, Claim, FileKind, Insights, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.model.evidence import Evidence
    from digest_pipeline.models import FileText, Triage

G = TypeVar("G", bound=Given)

TIERS = (Tier.LOW, Tier.MEDIUM, Tier.HIGH)

_CI_RIGHTS = re.compile(
    r"^[+-].*(?:\bpermissions\s*:|\bpull_request_target\b|\bid-token\b|:\s*write\b|\bsecrets\.|\bwrite-all\b)",
    re.MULTILINE,
)
"""Changed lines of CI files about what a job may do, in the words of GitHub's and Gitea's workflows."""

MOST_CLAIMS = 5
_LONGEST = {"headline": 160, "summary": 700, "claim": 300, "reason": 160}


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """A model's analysis of one commit as far as it stands."""

    analysis: Analysis
    named: int
    """Claims, names, figures and acronyms that were looked up."""
    proven: int


def verify(  # noqa: PLR0913 - what is said, what it is held against, and what the rules demand
    given: Given,
    evidence: Evidence,
    triage: Triage,
    by_rules: Analysis,
    *,
    language: str,
    held: bool = False,
) -> Verified:
    """The analysis that replaces the rules' one; `source`, `coverage` and `answer_key` are the caller's.

    `held`: the rules' importance must not be lowered; what changes the rights of CI jobs holds it as well.
    Raises AnswerError when the language is wrong or nothing of the answer stands. The note of
    `injections.py` stays.
    """
    _check_language(given, language)
    given = _in_language(given, language)
    count = Count()
    headline = checked(given.headline, evidence, count, longest=_LONGEST["headline"])
    body = ""
    if isinstance(given, GivenMedium):
        body = checked(given.summary, evidence, count, longest=_LONGEST["summary"])
    summary = _summary(headline, body, language)
    if not summary:
        raise AnswerError("headline and summary state nothing that stands in the commit; use its own words")
    tier, reason = _tier(given, evidence, triage, count, held=held)
    analysis = dataclasses.replace(
        by_rules,
        tier=tier,
        state=AnalysisState.OK,
        reason=reason,
        change_type=given.change_type,
        summary=summary,
        risks=(),
    )
    if isinstance(given, GivenMedium):
        scope = tuple(dict.fromkeys(part.strip("` ") for part in given.scope if evidence.touches(part)))
        analysis = dataclasses.replace(
            analysis,
            scope=scope or by_rules.scope,
            behaviour=tuple(c.text for c in _claims(given.behaviour, evidence, count)),
            advice=tuple(c.text for c in _claims(given.advice, evidence, count)),
            insights=Insights(),
        )
    if isinstance(given, GivenHigh):
        analysis = dataclasses.replace(
            analysis,
            insights=_insights(given, evidence, count),
            risks=tuple(_claims(given.risks, evidence, count)),
        )
    noted = tuple(risk for risk in by_rules.risks if risk.text in NOTE.values())
    analysis = dataclasses.replace(analysis, unverified=count.unproven, risks=(*noted, *analysis.risks))
    return Verified(analysis, count.named, count.named - count.unproven)


def _check_language(given: Given, language: str) -> None:
    texts = [given.headline]
    if isinstance(given, GivenMedium):
        texts += [given.summary, *(claim.text for claim in (*given.behaviour, *given.advice))]
    if not is_in_language(texts, language):
        wanted = {"zh": "Simplified Chinese (简体中文)", "en": "English"}[language]
        raise AnswerError(f"the answer is not written in {wanted}")


def _in_language(given: G, language: str) -> G:
    """The answer without the parts that are in another language than the rest."""

    def kept(claims: Iterable[GivenClaim]) -> list[GivenClaim]:
        return [claim for claim in claims if not is_foreign(claim.text, language)]

    changed: dict[str, object] = {}
    if is_foreign(given.importance.reason, language):
        changed["importance"] = GivenMove()
    if isinstance(given, GivenMedium):
        changed |= {"behaviour": kept(given.behaviour), "advice": kept(given.advice)}
        changed["summary"] = "" if is_foreign(given.summary, language) else given.summary
    if isinstance(given, GivenHigh):
        insights = {
            name: claim if claim and kept([claim]) else None
            for name in Insights.__dataclass_fields__
            for claim in (getattr(given.insights, name),)
        }
        changed |= {"risks": kept(given.risks), "insights": GivenInsights(**insights)}
    return given.model_copy(update=changed)


def _summary(headline: str, body: str, language: str) -> str:
    """The headline as the first sentence, unless the summary says it already."""
    bare = headline.rstrip("。.!！ ")
    if not body or not headline or bare in body:
        return body or headline
    return f"{bare}。{body}" if language == "zh" else f"{bare}. {body}"


def _claims(given: Iterable[GivenClaim], evidence: Evidence, count: Count) -> list[Claim]:
    """The claims that stand, in order, each once."""
    found: dict[str, Claim] = {}
    for claim in given:
        stands = _claim(claim, evidence, count)
        if stands:
            found.setdefault(stands.text, stands)
    return list(found.values())[:MOST_CLAIMS]


def _claim(given: GivenClaim, evidence: Evidence, count: Count) -> Claim | None:
    """A claim whose file is touched and whose quote stands there, or in the message."""
    path = evidence.path(given.file)
    known_place = path is not None or given.file in (None, "", "null")
    if not count.add(proven=known_place and evidence.quoted(given.quote, path)):
        return None
    text = checked(given.text, evidence, count, path=path, longest=_LONGEST["claim"])
    return Claim(text, path, " ".join((given.quote or "").split())) if text else None


def _insights(given: GivenHigh, evidence: Evidence, count: Count) -> Insights:
    found: dict[str, str | None] = {}
    for name in Insights.__dataclass_fields__:
        claim: GivenClaim | None = getattr(given.insights, name)
        stands = _claim(claim, evidence, count) if claim and claim.text.strip() else None
        found[name] = stands.text if stands else None
    return Insights(**found)


def _tier(
    given: Given, evidence: Evidence, triage: Triage, count: Count, *, held: bool
) -> tuple[Tier, str | None]:
    """The tier, and the model's reason if it moved the commit."""
    place = TIERS.index(triage.importance)
    moved = place + {"none": 0, "up": 1, "down": -1}[given.importance.move]
    reason = checked(given.importance.reason, evidence, count, longest=_LONGEST["reason"])
    too_low = moved < place and (held or changes_ci_rights(evidence.texts))
    if moved == place or not 0 <= moved < len(TIERS) or too_low or not reason:
        return triage.importance, None
    return TIERS[moved], reason


def changes_ci_rights(texts: Iterable[FileText]) -> bool:
    """Whether a CI file says anew what a job may do."""
    return any(text.change.kind is FileKind.CI and _CI_RIGHTS.search(text.patch) for text in texts)

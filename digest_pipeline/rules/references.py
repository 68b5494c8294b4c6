"""What a commit's message names of earlier commits that it brings back, goes on from or mends. Pure.

Which commit a name means is looked up by the caller; what a revert names is read in `subjects`.
Untrusted text: every pattern is linear, and only the beginning of a message is read.

Sources: git-revert(1) (`Reapply "…"`), kernel.org's submitting-patches (`Fixes: <sha> ("…")`), and the
messages of the public repositories that the project is tried on.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.subjects import parse_subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from digest_pipeline.models import Commit, Triage

_LONGEST, _REACH, _MOST = 20_000, 160, 5
_CUE = re.compile(
    r"\bfollow(?:s|ing)?[ -]?(?:up|on)s?\b"
    r"|\bregress(?:ed|es|ions?)\b"
    r"|\b(?:introduced|added|broken|missed|forgotten|left over|changed|removed|caused)"
    r"\s+(?:in|by|with|from)\b"
    r"|\b(?:amends?|breakage (?:of|from)|broken since)\b"
    r"|\bfix(?:es|ed|up)?\b:?(?=\s+(?:[#!]\d|[0-9a-f]{7,40}\b|https?://|commit\b|[PM]R\b))"
    r"|\b(?:builds? (?:up)?on|continu(?:es|ation of)|completes|complements|extends)\b",
    re.IGNORECASE,
)
_CUE_BEHIND = re.compile(r"#(\d{1,9})(?:['’]s)?,? follow[ -]?(?:up|on)\b", re.IGNORECASE)
_RELAND = re.compile(r"\bre-?(?:land|appl[yi]|submit)(?:e?s|e?d|ing)?\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.;!?](?:\s|$)|\b(?:but not|instead of|unlike|see|related to)\b")
_NAME = re.compile(
    r"https?://[\w.-]+/(?P<where>[\w./-]{1,200}?)/(?:-/)?"
    r"(?:(?:pulls?|pull-requests|merge_requests)/(?P<linked>\d{1,9})|commits?/(?P<commit>[0-9a-f]{7,40}))\b"
    r"|(?<![\w/#!-])(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})?[#!](?P<number>\d{1,9})\b(?!\])"
    r"|(?<![\w/.#-])(?P<sha>(?=[0-9a-f]{0,39}\d)[0-9a-f]{7,40})\b(?![\w/]|\])",
    re.IGNORECASE,
)


@dataclasses.dataclass(frozen=True, slots=True)
class References:
    """Names of earlier commits, each kind in the order of the message, the surest kind first."""

    shas: tuple[str, ...] = ()
    """Full or abbreviated, lower case."""
    pr_numbers: tuple[int, ...] = ()
    subjects: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shas or self.pr_numbers or self.subjects)

    @property
    def names(self) -> tuple[str | int, ...]:
        """All of them, the surest first."""
        return (*self.shas, *self.pr_numbers, *self.subjects)


def follows_of(commit: Commit) -> References:
    """The commits that a message goes on from or mends.

    Reads `follow-up to #12`, `fixes regression introduced in <sha>`, `Fixes: <sha> ("…")`, `caused by
    #12`, `builds on #12`, `#12 follow-up`, addresses of this repository, and any number inside the
    subject. Numbers that are issues are among them: only a lookup tells.
    """
    texts = [commit.subject[:_LONGEST]]
    body = re.sub(r"\n(?![\s>*+-]|\d+[.)]\s)", " ", commit.body[:_LONGEST])
    for line in body.splitlines():
        texts += [_until_the_end(line, cue.end()) for cue in _CUE.finditer(line)]
        texts += [f"#{number}" for number in _CUE_BEHIND.findall(line)]
    return _references(commit, texts)


def relands_of(commit: Commit) -> References:
    """The commits that a message brings back after they were reverted; none if it does not say so.

    Reads `Reland "…"`, `Reapply "…"`, `[reland] …`, `Revert "Revert "…""`, `This relands commit <sha>`,
    `Reland of #12`.
    """
    subject = parse_subject(commit.subject)
    inner = parse_subject(subject.quoted) if subject.is_revert and subject.quoted else None
    quoted = subject.quoted if subject.is_reland else inner.quoted if inner and inner.is_revert else None
    said = [commit.subject] if _RELAND.match(subject.text) or any(map(_RELAND.search, subject.tags)) else []
    lines = (line.strip(" >*-") for line in commit.body[:_LONGEST].splitlines())
    said += [line for line in lines if _RELAND.match(line.removeprefix("This "))]
    if quoted is None and not said:
        return References()
    texts = [quoted or "", *(_until_the_end(text, 0) for text in said)]
    return _references(commit, texts, [quoted] if quoted else [])


def with_references(
    triage: Triage, relands: References, follows: References, known: Mapping[str | int, str]
) -> Triage:
    """The triage with what its message names, as far as it is `known` (name → full SHA).

    What a commit takes back or brings back it does not follow as well.
    """
    back = next((known[name] for name in relands.names if name in known), None)
    told = {triage.sha, triage.reverts, back}
    after = dict.fromkeys(known[name] for name in follows.names if name in known and known[name] not in told)
    return dataclasses.replace(triage, relands=back, follows=tuple(after)[:_MOST])


def _until_the_end(line: str, start: int) -> str:
    """What stands behind a cue in the same sentence."""
    reach = line[start : start + _REACH]
    end = _SENTENCE_END.search(reach)
    return reach[: end.start()] if end else reach


def _references(commit: Commit, texts: Iterable[str], subjects: Iterable[str] = ()) -> References:
    found = list(dict.fromkeys(name for text in texts for name in _names(commit, text)))
    numbers = [name for name in found if isinstance(name, int) and name != commit.pr_number]
    shas = [name for name in found if isinstance(name, str)]
    return References(tuple(shas[:_MOST]), tuple(numbers[:_MOST]), tuple(subjects))


def _names(commit: Commit, text: str) -> Iterator[str | int]:
    """Pull requests and SHAs of the commit's own repository."""
    for match in _NAME.finditer(text):
        elsewhere = match["repo"] or match["where"]
        if elsewhere and elsewhere.lower() != commit.repo.lower():
            continue
        number = match["number"] or match["linked"]
        yield int(number) if number else (match["commit"] or match["sha"]).lower()

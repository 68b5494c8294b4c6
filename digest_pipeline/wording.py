"""The analysis of a commit by rules, in Chinese or English: what a reader gets without any model. Pure.

Every sentence has a ground in the message or the facts; a field without ground stays absent. Backticks
stand only around what can be found verbatim in the commit, and no other mark is made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from digest_pipeline.models import Analysis, AnalysisState, ChangeType, Claim, FileKind, Insights
from digest_pipeline.rules.breaking import is_breaking, said_breaking
from digest_pipeline.rules.catalogue import labels, say
from digest_pipeline.rules.configuring import is_zero
from digest_pipeline.rules.naming import all_named, code, listed, named, path_code
from digest_pipeline.rules.signals import measured
from digest_pipeline.rules.statements import (
    interface_lines,
    is_offered,
    kind_label,
    passing_lines,
    reach_of,
    sort_of,
    unread_lines,
)
from digest_pipeline.rules.subjects import prose_of
from digest_pipeline.rules.summaries import clean, cut, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Commit, FileChange, Triage

__all__ = ["analysis_by_rules", "labels"]

_MOST_SCOPE = 6
_MOST_BEHAVIOUR = 6
_MUCH_CODE = 120
"""Changed lines of source from which a missing test is worth a word."""
_LONGEST_SAID = 200
"""Columns of what the message says of a breaking change."""
_SHIPS = frozenset(
    [ChangeType.FEATURE, ChangeType.FIX, ChangeType.PERF, ChangeType.SECURITY, ChangeType.REFACTOR]
)


def analysis_by_rules(
    commit: Commit, triage: Triage, facts: Facts, language: Literal["zh", "en"]
) -> Analysis:
    """The analysis of one commit: source `rules`, state ok; the same input gives the same words."""
    return Analysis(
        repo=commit.repo,
        sha=commit.sha,
        day=commit.day,
        tier=triage.importance,
        source="rules",
        state=AnalysisState.OK,
        reason=None,
        change_type=triage.change_type,
        summary=summary_of(commit, triage, facts, language),
        scope=scope_of(commit.files),
        behaviour=tuple(
            _sentence(line, language)
            for line in [*interface_lines(facts, language)[:_MOST_BEHAVIOUR], *unread_lines(facts, language)]
        ),
        insights=_insights(commit, triage, facts, language),
        risks=tuple(_risks(commit, triage, facts, language)),
        advice=tuple(_advice(facts, language)),
    )


def _sentence(line: str, language: str) -> str:
    """A fact as a sentence of its own; a name at its beginning stays as it is."""
    is_word = re.match(r"[a-z]+ ", line) is not None
    return line[:1].upper() + line[1:] if language == "en" and is_word else line


def scope_of(files: Sequence[FileChange], most: int = _MOST_SCOPE) -> tuple[str, ...]:
    """The changed paths, folded to their common folders until at most `most` are left, by path.

    Sources come before the rest when not all fit; a folder ends in `/`.
    """
    paths = [f.path for f in files if f.kind is not FileKind.LOCK] or [f.path for f in files]
    depth = max((p.count("/") for p in paths), default=0)
    folded = sorted(set(paths))
    while len(folded) > most and depth > 0:
        folded = sorted({_folded(p, depth) for p in paths})
        depth -= 1
    weights = {f.path: f.lines for f in files}
    if len(folded) > most:
        heavy = sorted(folded, key=lambda p: (-sum(w for q, w in weights.items() if q.startswith(p)), p))
        folded = sorted(heavy[:most])
    return tuple(folded)


def _folded(path: str, depth: int) -> str:
    parts = path.split("/")
    return path if len(parts) <= depth else "/".join(parts[:depth]) + "/"


def _insights(commit: Commit, triage: Triage, facts: Facts, language: str) -> Insights:
    found = []
    source = facts.size(FileKind.SOURCE)
    new = [f.path for f in commit.files if f.status == "A" and f.kind is FileKind.SOURCE]
    if new and source.insertions >= _MUCH_CODE:
        found.append(
            say(
                language,
                "insight.new_files",
                names=listed(language, [path_code(p) for p in new]),
            )
        )
    if gone := [f.path for f in commit.files if f.status == "D" and f.kind is FileKind.SOURCE]:
        names = listed(language, [path_code(p) for p in gone])
        found.append(say(language, "insight.deleted_files", names=names))
    if len(facts.moved) > 1:
        found.append(say(language, "insight.moved", n=len(facts.moved)))
    architecture = labels(language)["list.semicolon"].join(found) or None
    return Insights(architecture=architecture, performance=_figures(commit, triage, language))


def _figures(commit: Commit, triage: Triage, language: str) -> str | None:
    """The sentence of the message that gives measured figures."""
    if triage.change_type not in _SHIPS:
        return None
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*[-*#|>\d])", prose_of(commit.body))
    sentences = [s for p in paragraphs for s in re.split(r"(?<=[.!?。])\s+(?=[A-Z\u4e00-\u9fff])", clean(p))]
    line = measured("", "\n".join(sentences))
    if line is None or "|" in line:
        return None
    return say(
        language,
        "insight.measured",
        what=cut(re.sub(r"^[-*#>\s]*(?:\d+[.)]\s+)?", "", line).rstrip(" -*#>"), 160),
    )


def _risks(commit: Commit, triage: Triage, facts: Facts, language: str) -> Iterator[Claim]:
    if is_breaking(commit):
        said = cut(clean(said_breaking(commit)), _LONGEST_SAID)
        yield Claim(say(language, "risk.breaking_said" if said else "risk.breaking", what=said))
    known = facts.shown
    removed = [n for n in facts.removed if is_offered(n.path)]
    if removed and triage.change_type is not ChangeType.REVERT:
        key = "risk.removed" if facts.has_tests else "risk.removed_untested"
        kinds = [*dict.fromkeys(sort_of(n) for n in removed)]
        kind = kind_label(language, kinds[0] if len(kinds) == 1 else "name", len({n.name for n in removed}))
        names = all_named(language, [n.name for n in removed], known)
        reach = reach_of(removed[0], language)
        yield Claim(say(language, key, reach=reach, kind=kind, names=names), removed[0].path)
    for renamed in [r for r in facts.renamed if is_offered(r.path)][:2]:
        yield Claim(
            say(
                language,
                "risk.renamed",
                reach=reach_of(renamed, language),
                old=code(renamed.old, known),
                new=code(renamed.new, known),
            ),
            renamed.path,
        )
    for signature in [s for s in facts.signatures if is_offered(s.path)][:4]:
        for key, names in (("risk.lost", signature.lost), ("risk.required", signature.required)):
            if names:
                listing = listed(language, [code(n, known) for n in names])
                yield Claim(
                    say(language, key, name=named(language, signature.name, known), names=listing),
                    signature.path,
                )
    if facts.passing:
        path = facts.passing[0].path
        yield from (Claim(text, path) for text in passing_lines(facts, "risk", language))
    yield from _other_risks(facts, triage, language)


def _other_risks(facts: Facts, triage: Triage, language: str) -> Iterator[Claim]:
    known = facts.shown
    for key, names in (
        ("risk.option_removed", facts.options_removed),
        ("risk.env_removed", facts.env_removed),
        ("risk.endpoint_removed", facts.endpoints_removed),
    ):
        if names:
            yield Claim(say(language, key, names=listed(language, [code(n, known) for n in names])))
    for value in facts.values[:2]:
        if value.old and value.new and value.name.endswith(")"):
            name = value.name[:-1].partition("(")[2]
            text = say(
                language,
                "risk.default",
                name=code(name, known),
                old=code(value.old, known),
                new=code(value.new, known),
            )
            yield Claim(text, value.path)
    for d in facts.dependencies:
        if d.is_major and not d.is_dev and d.old and d.new:
            text = say(
                language,
                "risk.zero" if is_zero(d) else "risk.major",
                name=code(d.name, known),
                old=code(d.old, known),
                new=code(d.new, known),
            )
            yield Claim(text, d.path)
    lines = facts.code_added + facts.code_removed
    if lines >= _MUCH_CODE and not facts.has_tests and triage.change_type in _SHIPS:
        yield Claim(say(language, "risk.untested", lines=lines))


def _advice(facts: Facts, language: str) -> Iterator[str]:
    known = facts.shown
    called = [s.name for s in facts.signatures if (s.lost or s.required) and is_offered(s.path)]
    if called:
        yield say(language, "advice.calls", names=all_named(language, called, known))
    major = [d.name for d in facts.dependencies if d.is_major and not d.is_dev and not is_zero(d)]
    if major:
        yield say(language, "advice.versions", names=listed(language, [code(n, known) for n in major]))

"""What a commit's diff shows, as plain values: the ground on which rules and models stand.

Pure: in are the two versions of the changed files (`commits.read_texts`), out is a frozen `Facts`. Public
names come from a parser (`syntax`) or, where that fails, from the changed lines; only files that people
wrote and ship (kind `source`) count for names. Nothing is weighed here (see `triage`) and no sentence is
written (see `statements` and `wording`).
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import FileKind
from digest_pipeline.rules import edits, hunks, syntax
from digest_pipeline.rules.change_logs import breaking_notes
from digest_pipeline.rules.comparing import Draft, compare, is_program
from digest_pipeline.rules.dependencies import distinct
from digest_pipeline.rules.deprecating import announces, deprecates
from digest_pipeline.rules.findings import Facts, Name, Renamed, Signature, Size, in_order
from digest_pipeline.rules.grammars import is_c_source, is_code
from digest_pipeline.rules.keys import plumbing_changes, setting_changes
from digest_pipeline.rules.manifests import dependency_changes
from digest_pipeline.rules.raising import raised
from digest_pipeline.rules.rewriting import around, place_of, rewritten
from digest_pipeline.rules.statements import fact_lines
from digest_pipeline.rules.titles import headings_in_comments, sections_of, tests_of
from digest_pipeline.rules.usages import usages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digest_pipeline.models import FileText
    from digest_pipeline.rules.heads import Definition

__all__ = ["Facts", "fact_lines", "facts_of"]

_PARSED_BYTES, _PARSED_BYTES_OF_FILE = 480_000, 120_000
"""What is parsed of one commit and of one version of a file: 120 and 30 milliseconds. In bytes and not in
time, so that the same commit always gives the same facts."""
_LEAST_BYTES, _BYTES_LOOKED_AT = 1_000, 8
"""With less left nothing is parsed; finding what is worth a parse costs as much as parsing an eighth."""
_READ_LINES = 24_000
"""Changed lines of source that are looked at in one commit; of the rest only the counts are known."""


@dataclasses.dataclass
class _Budget:
    """What may still be spent on one commit."""

    parsed: int = _PARSED_BYTES
    lines: int = _READ_LINES

    def parse(self, path: str, source: bytes | None, text: FileText, *, is_new: bool) -> syntax.Parsed | None:
        if source is None or self.parsed < _LEAST_BYTES:
            return None
        most = min(self.parsed, _PARSED_BYTES_OF_FILE)
        lines = hunks.shown_lines(text.patch, is_new=is_new)
        may_cut = text.change.status in ("A", "D")
        parsed, size = syntax.parse(path, source, lines, most, may_cut=may_cut)
        self.parsed -= size + len(source) // _BYTES_LOOKED_AT
        return parsed


_Definitions = dict[str, list["Definition"]]
_QUOTED = (FileKind.DOCS, FileKind.TEST, FileKind.BUILD, FileKind.CI, FileKind.CONFIG, FileKind.DATA)
"""Besides source: where one changed line may be quoted."""
_QUOTED_LINES = 8


def facts_of(texts: Sequence[FileText]) -> Facts:
    """The facts of one commit.

    In: every changed file, in the order of the commit; versions and hunks may be missing (binary, too
    large, skipped kinds), then only the counts of the row are known. Never raises on any content.
    """
    draft, budget = Draft(), _Budget()
    for text in sorted(texts, key=_rank):
        kind = _kind(text)
        if kind is FileKind.SOURCE and text.patch and budget.lines > 0:
            _source(draft, text, budget)
        elif kind is FileKind.SOURCE and (text.change.insertions or text.change.deletions):
            draft.unread += 1
        draft.sections += sections_of(text) if kind is FileKind.DOCS else []
        draft.examples += kind is FileKind.DOCS and is_code(text.change.path)
        if kind in _QUOTED:
            lines = hunks.changed_lines(text.patch, _QUOTED_LINES)
            draft.edits[kind].append(edits.edits_of(text.change.path, lines, lines))
        if kind is FileKind.TEST:
            added, changed = tests_of(text, None)
            draft.tests_added += added
            draft.tests_changed += changed
        if kind not in (FileKind.VENDORED, FileKind.GENERATED, FileKind.DATA):
            draft.settings += setting_changes(text)
            draft.plumbing += plumbing_changes(text)
            # what a test installs is no dependency of the project
            draft.dependencies += dependency_changes(text) if kind is not FileKind.TEST else []
    facts = _finished(draft, _sizes(texts))
    notes = sum(breaking_notes(text) for text in texts if text.change.kind is FileKind.DOCS)
    return dataclasses.replace(facts, shown=_shown(facts, texts), breaking_notes=notes)


def _rank(text: FileText) -> tuple[bool, int]:
    """What the budget is spent on first: what declares an interface, then the most changed."""
    change = text.change
    return is_c_source(change.path), -change.lines


def _shown(facts: Facts, texts: Sequence[FileText]) -> frozenset[str]:
    """Which names and values stand verbatim in the hunks; a reader may look for them there."""
    seen = "\n".join(line for text in texts for line in text.patch.split("\n") if not line.startswith("@@"))
    return frozenset(word for word in facts.words() if word in seen)


def _kind(text: FileText) -> FileKind:
    """The kind by path, or `generated` where the file says so itself."""
    head = (text.new or text.old or b"")[:600]
    if text.change.kind is FileKind.SOURCE and re.search(
        rb"(?i)do not edit|@generated|auto-?generated (by|file|from)|code generated by", head
    ):
        return FileKind.GENERATED
    return text.change.kind


def _sizes(texts: Iterable[FileText]) -> tuple[Size, ...]:
    counts: dict[FileKind, list[int]] = {}
    for text in texts:
        row = counts.setdefault(_kind(text), [0, 0, 0, 0, 0])
        change = text.change
        for i, n in enumerate(
            (1, change.insertions or 0, change.deletions or 0, change.status == "A", change.status == "D")
        ):
            row[i] += n
    return tuple(Size(kind, *counts[kind]) for kind in FileKind if kind in counts)


def _source(draft: Draft, text: FileText, budget: _Budget) -> None:
    """Add what one source file shows."""
    lines = hunks.changed_lines(text.patch, min(hunks.MAX_LINES, budget.lines))
    budget.lines -= len(lines)
    path, old_path = text.change.path, text.change.old_path or text.change.path
    code = hunks.code_only(lines)
    old = budget.parse(old_path, text.old, text, is_new=False) if code else None
    new = budget.parse(path, text.new, text, is_new=True) if code else None
    code = _without_docstrings(code, old, new)
    draft.source_read += 1
    draft.same_code += bool(code) and hunks.is_same_code(code, text.old, text.new)
    draft.prose_only += not code and bool(lines)
    if not code:
        draft.edits[FileKind.DOCS].append(edits.edits_of(path, lines, lines))
        draft.sections += headings_in_comments(path, lines)
        return
    shipped = hunks.before_tests(code, path, text.old, text.new)
    _tests_inside(draft, text, code, shipped)
    draft.code_added += sum(line.is_added for line in shipped)
    draft.code_removed += sum(not line.is_added for line in shipped)
    warns = [line.is_added for line in code if deprecates(line.text)]
    if text.change.status != "A":  # what is new as a whole ends nothing
        draft.deprecations += warns.count(True)
    draft.deprecations_removed += warns.count(False)
    if not is_program(path):
        draft.usages += usages(shipped, text.old, text.new)
    before, after = _definitions(text, lines, old, new)
    warning = [line.number for line in lines if line.is_added and announces(line)]
    known = {name: found for name, found in after.items() if name in before}  # what is new deprecates others
    draft.deprecated += around(path, text.new, known, warning).values()
    compare(draft, text, before, after, hunks.texts(lines))
    changed, tests = rewritten(text, before, after, shipped)
    quoted = edits.edits_of(path, hunks.before_tests(lines, path, text.old, text.new), shipped)
    if quoted:  # few lines, so that their place is soon found
        place = place_of(text, before, after, shipped, [n.name for n in (*changed, *tests)])
        quoted = [dataclasses.replace(edit, name=place) for edit in quoted]
    draft.edits[FileKind.SOURCE].append(quoted if shipped else [])
    draft.changed += changed
    draft.raised += raised(text, before, after, shipped)
    draft.tests_changed += tests
    draft.tested_inside |= bool(tests)


def _tests_inside(
    draft: Draft, text: FileText, code: Sequence[hunks.Line], shipped: Sequence[hunks.Line]
) -> None:
    """Add the tests of a source file itself, as Rust has them at its end."""
    if len(shipped) == len(code):
        return
    draft.tested_inside = True
    added, changed = tests_of(text, frozenset(code) - frozenset(shipped))
    draft.tests_added += added
    draft.tests_changed += changed if not shipped else []


def _definitions(
    text: FileText, lines: list[hunks.Line], old: syntax.Parsed | None, new: syntax.Parsed | None
) -> tuple[_Definitions, _Definitions]:
    """What both versions define, by the parser; by their first lines where it did not read all."""
    path = text.change.path
    is_read = (old or text.change.status == "A") and (new or text.change.status == "D")
    found: list[_Definitions] = []
    for side, version in ((False, old), (True, new)):
        parsed = version.definitions() if version and is_read else {}
        heads = hunks.heads(lines, path, is_added=side) if not is_read or (version and version.is_cut) else {}
        found.append({**heads, **parsed})
    return found[0], found[1]


def _without_docstrings(
    code: list[hunks.Line], old: syntax.Parsed | None, new: syntax.Parsed | None
) -> list[hunks.Line]:
    if len(code) > 1500:  # noqa: PLR2004 - a rewrite is never only prose
        return code
    prose = {
        side: version.prose_lines({line.number for line in code if line.is_added is side})
        for side, version in ((True, new), (False, old))
        if version is not None
    }
    return [line for line in code if line.number not in prose.get(line.is_added, ())]


def _finished(draft: Draft, sizes: tuple[Size, ...]) -> Facts:
    """The draft with moves across files told apart from what came and went."""
    moved = _moves(draft.added, draft.removed) + _moves(draft.internal_added, draft.internal_removed)
    places = {(m.new, m.path) for m in moved} | {(m.new, m.old) for m in moved}
    listed = (draft.added, draft.removed, draft.signatures)
    declared = {n.name for names in listed for n in names if not is_c_source(n.path)}

    def is_said(found: Name | Signature) -> bool:
        """Whether a header says it of the same name."""
        return found.name in declared and is_c_source(found.path)

    def rest(names: list[Name]) -> tuple[Name, ...]:
        return in_order(n for n in names if (n.name, n.path) not in places and not is_said(n))

    return Facts(
        sizes=sizes,
        added=rest(draft.added),
        removed=rest(draft.removed),
        renamed=_without_sources(draft.renamed),
        moved=tuple(sorted(set(moved), key=lambda r: (r.path, r.new))),
        internal_signatures=in_order(draft.internal_signatures),
        signatures=in_order(s for s in draft.signatures if not is_said(s)),
        values=in_order(draft.values),
        types=in_order(draft.types),
        passing=in_order(draft.passing),
        changed=in_order(draft.changed),
        raised=in_order(draft.raised),
        edits=() if draft.unread else edits.told(draft.edits),
        internal_added=rest(draft.internal_added),
        internal_removed=rest(draft.internal_removed),
        settings=in_order(draft.settings),
        plumbing=in_order(draft.plumbing),
        dependencies=distinct(draft.dependencies),
        env_added=_named(draft, "env", is_added=True),
        env_removed=_named(draft, "env", is_added=False),
        options_added=_named(draft, "option", is_added=True),
        options_removed=_named(draft, "option", is_added=False),
        endpoints_added=_named(draft, "endpoint", is_added=True),
        endpoints_removed=_named(draft, "endpoint", is_added=False),
        sections=tuple(dict.fromkeys(draft.sections)),
        tests_added=tuple(dict.fromkeys(draft.tests_added)),
        tests_changed=tuple(dict.fromkeys(draft.tests_changed)),
        code_added=draft.code_added,
        code_removed=draft.code_removed,
        is_formatting_only=0 < draft.source_read == draft.same_code + draft.prose_only
        and draft.same_code > 0,
        is_prose_only=0 < draft.source_read == draft.prose_only,
        is_example=draft.examples > 0
        and draft.examples == sum(s.files for s in sizes if s.kind is FileKind.DOCS),
        unread=draft.unread,
        deprecations=draft.deprecations,
        deprecated=in_order(draft.deprecated),
        deprecations_gone=max(0, draft.deprecations_removed - draft.deprecations),
        is_tested_inside=draft.tested_inside,
    )


def _named(draft: Draft, kind: str, *, is_added: bool) -> tuple[str, ...]:
    """The variables, options or endpoints that are named on one side only."""
    come, gone = ({u.name for u in draft.usages if u.kind == kind and u.is_added is s} for s in (True, False))
    return tuple(sorted(come - gone if is_added else gone - come))


def _without_sources(renamed: list[Renamed]) -> tuple[Renamed, ...]:
    """What got another name, told once where a C header and its source say it."""
    declared = {(r.old, r.new) for r in renamed if not is_c_source(r.path)}
    kept = {r for r in renamed if not is_c_source(r.path) or (r.old, r.new) not in declared}
    return tuple(sorted(kept, key=lambda r: (r.path, r.new)))


def _moves(added: list[Name], removed: list[Name]) -> list[Renamed]:
    """Names of one kind that left one file and appeared in another; `old` is the former path."""
    left = {(n.name, n.kind): n for n in removed}
    return [
        Renamed(left[n.name, n.kind].path, n.name, n.kind, n.path)
        for n in added
        if (n.name, n.kind) in left and left[n.name, n.kind].path != n.path
    ]

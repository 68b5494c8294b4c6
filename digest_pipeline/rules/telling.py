"""What of a commit's facts is told first: interface, changed lines, functions, files.

The sentences themselves are in `statements`; how many of them make a summary, `summaries` says.
"""

from __future__ import annotations

import collections
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import FileKind
from digest_pipeline.rules.catalogue import joined, labels, say
from digest_pipeline.rules.grammars import is_code
from digest_pipeline.rules.naming import all_named, code, named, path_code
from digest_pipeline.rules.statements import (
    by_kind,
    developer_lines,
    interface_lines,
    signature_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from digest_pipeline.models import FileChange
    from digest_pipeline.rules.findings import Facts, Signature

_MOST_FILES, _MOST_PLACES = 3, 2
_BLANKS = re.compile(r"(?<=[（）」]) | (?=「)|(?<=个文件) (?=中)")
_SCRIPTS = (".sh", ".bash", ".ps1", ".bat")


def telling_lines(facts: Facts, files: Sequence[FileChange], language: str) -> list[str]:
    """What a commit changed, the most telling first: for users, inside, for those who work on it."""
    interface = interface_lines(facts, language)
    source = [f for f in files if f.kind is FileKind.SOURCE]
    internal = list(_internal_signatures(facts, language))
    is_seen = (
        interface
        or internal
        or facts.changed
        or facts.internal_added
        or facts.internal_removed
        or facts.moved
        or (facts.is_tested_inside and not any(facts.lines))
    )
    layout = list(_layout(facts, source, language)) if FileKind.TEST not in facts.kinds else []
    quoted = [] if _is_declared(facts) or internal else list(_edits(facts, language))
    is_code = FileKind.SOURCE in facts.kinds and not facts.is_prose_only
    weights = {f.path: f.lines for f in files}
    lines = [
        *layout,
        *interface,
        *_folder_line(files, language),
        *(() if quoted else _raised(facts, language)),
        *(quoted or (*internal, *_changed(facts, weights, len(source), language))),
        *([] if is_seen or layout or (quoted and is_code) else file_lines(source, language)),
        *by_kind(facts, facts.internal_added, "fact.internal_added", language),
        *developer_lines(facts, language),
        *by_kind(facts, facts.internal_removed, "fact.internal_removed", language),
    ]
    # full-width brackets and quotes need no blank beside them
    return list(dict.fromkeys(_BLANKS.sub("", line) for line in lines))


def _layout(facts: Facts, source: Sequence[FileChange], language: str) -> Iterator[str]:
    """That no code changed, and in which files."""
    paths = _paths([f.path for f in source], language)
    for key in ("formatting_only", "prose_only"):
        if getattr(facts, f"is_{key}"):
            yield say(language, f"fact.{key}_in", paths=paths)


def _internal_signatures(facts: Facts, language: str) -> Iterator[str]:
    """The parameters that internal functions gained and lost, one sentence for the same ones."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Signature]] = collections.defaultdict(list)
    for signature in facts.internal_signatures:
        groups[signature.gained, signature.lost].append(signature)
    yield from (signature_line(facts, same, language) for same in groups.values())


def _raised(facts: Facts, language: str) -> Iterator[str]:
    """What functions raise now, one sentence for each exception."""
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for value in facts.raised:
        groups[value.new or ""].append(value.name)
    for exception, names in groups.items():
        key = "fact.raises" if len(names) == 1 else "fact.raises_many"
        yield say(
            language, key, names=all_named(language, names, facts.shown), what=code(exception, facts.shown)
        )


def _is_declared(facts: Facts) -> bool:
    """Whether what changed is already told by its name."""
    return bool(
        facts.signatures
        or facts.values
        or facts.types
        or facts.passing
        or facts.added
        or facts.removed
        or facts.renamed
    )


def _edits(facts: Facts, language: str) -> Iterator[str]:
    """The changed lines themselves, where all of them may be looked up."""
    named_otherwise = (facts.dependencies, facts.plumbing, facts.settings, facts.tests_added)
    is_told = FileKind.SOURCE not in facts.kinds and any(named_otherwise)
    edits = [(e, code(e.old or "", facts.shown), code(e.new or "", facts.shown)) for e in facts.edits]
    if facts.is_formatting_only or is_told or not all(t[:1] in ("", "`") for e in edits for t in e[1:]):
        return
    same: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for edit, old, new in edits:
        same[old, new] += [edit.path] if edit.path not in same[old, new] else []
    steps: dict[tuple[str, ...], list[str]] = collections.defaultdict(list)
    for (old, new), paths in same.items():
        key = "changed" if old and new else "added" if new else "removed"
        steps[tuple(paths)].append(say(language, f"fact.edit_{key}", old=old, new=new))
    for paths, told in steps.items():
        place, names = _paths(paths, language), {e.name for e in facts.edits if e.path == paths[0]}
        if len(names) == len(paths) == 1 and (name := names.pop()):
            place = say(language, "list.place", name=named(language, name, facts.shown), path=place)
        yield say(language, "fact.edits", place=place, edits=labels(language)["list.steps"].join(told))


def _paths(paths: Sequence[str], language: str) -> str:
    shown = joined(language, [path_code(p) for p in paths[:_MOST_FILES]])
    return shown if len(paths) <= _MOST_FILES else say(language, "list.files", names=shown, n=len(paths))


def _changed(facts: Facts, weights: Mapping[str, int], count: int, language: str) -> Iterator[str]:
    """The functions with another text, those of the most changed of so many source files."""
    told = (
        {v.name for v in facts.raised}
        | {s.name for s in (*facts.signatures, *facts.internal_signatures)}
        | {v.name.partition("(")[0] for v in (*facts.values, *facts.types, *facts.passing)}
    )
    rest = [n for n in facts.changed if n.name not in told]
    paths = sorted({n.path for n in rest}, key=lambda p: (-weights.get(p, 0), p))
    shown = [
        say(
            language,
            "list.place",
            name=all_named(language, [n.name for n in rest if n.path == path], facts.shown),
            path=path_code(path),
        )
        for path in paths[:_MOST_PLACES]
    ]
    key = "fact.changed" if len(paths) <= _MOST_PLACES else "fact.changed_in_files"
    if paths:
        yield say(language, key, names=joined(language, shown), n=count)


def _renamed_folder(files: Sequence[FileChange]) -> tuple[str, str] | None:
    """The folder that most files of a commit left for another of the same depth."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for old, new in ((f.old_path.split("/"), f.path.split("/")) for f in files if f.old_path):
        at = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(new))
        if at < min(len(old), len(new)) - 1:
            counts["/".join(old[: at + 1]) + "/", "/".join(new[: at + 1]) + "/"] += 1
    most = counts.most_common(1)
    return most[0][0] if most and most[0][1] > 1 and most[0][1] * 2 > len(files) else None


def _folder_line(files: Sequence[FileChange], language: str) -> list[str]:
    folder = _renamed_folder(files)
    return (
        [say(language, "files.renamed", old=path_code(folder[0]), new=path_code(folder[1]))] if folder else []
    )


def file_lines(files: Sequence[FileChange], language: str) -> list[str]:
    """The changed files in one line, by their kind where they are of one; none without files."""
    if not files:
        return []
    if renamed := _folder_line(files, language):
        return renamed
    if len(files) == 1 and files[0].old_path and not files[0].lines:
        return [
            say(language, "files.renamed", old=path_code(files[0].old_path), new=path_code(files[0].path))
        ]
    kinds, statuses = {f.kind for f in files}, {f.status for f in files}
    kind = labels(language)[f"files.{files[0].kind.value}"] if len(kinds) == 1 else ""
    if all(f.path.endswith(_SCRIPTS) for f in files) and files[0].kind is not FileKind.TEST:
        kind = labels(language)["files.script"]
    elif kinds == {FileKind.DOCS} and sum(is_code(f.path) for f in files) * 2 > len(files):
        kind = labels(language)["files.example"]
    if len(statuses) > 1 and statuses & {"A", "D"}:
        groups = [[f for f in files if (f.status if f.status in "AD" else "M") == s] for s in "AMD"]
        return [line for group in groups for line in file_lines(group, language)]
    shown = _paths([f.path for f in files], language)
    key = "added" if statuses == {"A"} else "deleted" if statuses == {"D"} else "changed"
    return [" ".join(say(language, f"files.{key}", kind=kind, names=shown).split())]

"""Which part of the repository a commit is about, in one word that stays the same over days. Pure."""

from __future__ import annotations

import collections
import functools
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import FileKind
from digest_pipeline.rules import vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest_pipeline.models import FileChange
    from digest_pipeline.rules.subjects import Subject

_MUTE_PARTS = re.compile(
    r"src|libs?|sources?|main|java|kotlin|python|pkg|packages|crates|include|internal|apps?|cmd|com|org|io|srt"
    r"|tests?|modules|components|csrc"
)
"""Folders that say nothing of what is in them."""
_KIND_AREAS = {
    FileKind.DOCS: "docs",
    FileKind.TEST: "tests",
    FileKind.CI: "ci",
    FileKind.BUILD: "build",
    FileKind.LOCK: "dependencies",
    FileKind.CONFIG: "config",
    FileKind.VENDORED: "vendored",
    FileKind.GENERATED: "generated",
    FileKind.DATA: "data",
}
_NO_AREAS = frozenset(["misc", "minor", "tiny", "trivial", "wip", "nit", "breaking"])
_SAME = {
    "documentation": "docs",
    "doc": "docs",
    "test": "tests",
    "testing": "tests",
    "deps": "dependencies",
    "dep": "dependencies",
    "dependency": "dependencies",
    "models": "model",
    "kernels": "kernel",
    "diffusers": "diffusion",
    "bench": "benchmark",
    "benchmarks": "benchmark",
}
"""Words that mean the same area; the same word stands over days."""


@functools.lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """A glob of the settings as a pattern: `**` crosses folders, a folder takes what is in it."""
    out, i = [], 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out.append("(?:[^/]+/)*")
            i += 3
        elif pattern.startswith("**", i):
            out.append(".*")
            i += 2
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(pattern[i], re.escape(pattern[i])))
            i += 1
    return re.compile("".join(out).rstrip("/") + ("/.*" if pattern.endswith("/") else "(?:/.*)?"), re.DOTALL)


def is_among(path: str, patterns: Sequence[str]) -> bool:
    """Whether one of the globs covers a path."""
    return any(glob(p).fullmatch(path) for p in patterns)


def area_of(subject: Subject, files: Sequence[FileChange], areas: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The area of a commit.

    The first area of the settings that covers most of the changed files; else the first tag or scope of
    the subject that names no change type; else the folder that most of the changed lines are in.
    """
    if files:
        hits = [(sum(is_among(f.path, globs) for f in files), name) for name, globs in areas]
        best = max((n for n, _ in hits), default=0)
        if best * 2 >= len(files) and best:
            return next(name for n, name in hits if n == best)
    for tag in subject.tags:
        word = _word(tag)
        if word and word not in _NO_AREAS and vocabulary.tag_kind(tag) is None:
            return word
    return _folder(files) or next((w for t in subject.tags if (w := _word(t))), "") or "general"


def _word(tag: str) -> str:
    """A tag as one lower-case word: `[PD-Disagg]` and `[pd disagg]` are the same area."""
    if re.search(r"#\d|^v?\d+(\.\d+)+$", tag):  # `[Fix #12]`, `v1.9:`
        return ""
    plain = re.sub(r"[^\w.+#]+", "-", re.sub(r"\(.*\)", "", tag).strip().lower()).strip("-._")
    if not plain or len(plain) > 30 or plain.isdigit():  # noqa: PLR2004 - longer is a sentence
        return ""
    return _SAME.get(plain, plain)


def _folder(files: Sequence[FileChange]) -> str:
    weights: collections.Counter[str] = collections.Counter()
    for file in files:
        lines = min(file.lines, 500) + 1
        weights[_place(file)] += lines * 20 if file.kind is FileKind.SOURCE else lines
    return min(weights, key=lambda w: (-weights[w], w), default="")


def _place(file: FileChange) -> str:
    """The first telling folder of a source file; the kind of any other."""
    if file.kind is not FileKind.SOURCE:
        return _KIND_AREAS[file.kind]
    parts = [p.lower() for p in file.path.split("/")]
    folders = [p for p in parts[:-1] if not _MUTE_PARTS.fullmatch(p)]
    if len(folders) > 1 and parts[0] in ("src", "python", "lib"):
        folders = folders[1:]
    word = folders[0] if folders else parts[-1].rpartition(".")[0] or parts[-1]
    return _word(word) or "general"

"""What a commit gives to prove a statement with: its message, its diff and its files in full. Pure."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.models import Commit, FileText

LONGEST_FILE = 2_000_000
"""Bytes of a version of a file that are searched."""

SHORTEST_QUOTE = 4
"""Characters without spaces; less proves nothing."""

_MARKERS = re.compile(r"^[+\- ]", re.MULTILINE)
_PARTS = re.compile(r"[\w]+", re.UNICODE)
_DASHES = str.maketrans({"‑": "-", "–": "-", "—": "-", "−": "-", "％": "%", "×": "x", "\u00a0": " "})


def flat(text: str) -> str:
    """A text with one blank for all white space, and one form of each dash."""
    return " ".join(text.translate(_DASHES).split())


class Evidence:
    """The texts of one commit, searched by quote, name and figure."""

    def __init__(
        self, message: str, paths: Iterable[str] = (), texts: Iterable[FileText] = (), sent: str = ""
    ) -> None:
        """`sent`: what the model was shown; it may quote that as well."""
        self.texts = tuple(texts)
        self._message = message
        self._sent = sent
        self._paths = frozenset(paths)

    @classmethod
    def of_commit(cls, commit: Commit, texts: Iterable[FileText], sent: str) -> Evidence:
        """All that a commit gives."""
        changed = (path for change in commit.files for path in (change.path, change.old_path))
        return cls(f"{commit.subject}\n{commit.body}", filter(None, changed), texts, sent)

    def path(self, named: str | None) -> str | None:
        """The touched path that is meant, given in full or by a unique end; None if there is none."""
        wanted = (named or "").strip().strip("`").removeprefix("./")
        if wanted in self._paths:
            return wanted
        ends = [path for path in self._paths if wanted and path.endswith(f"/{wanted}")]
        return ends[0] if len(ends) == 1 else None

    def touches(self, folder_or_path: str) -> bool:
        """Whether a path, or a file below a folder, is touched."""
        wanted = folder_or_path.strip().strip("`").removeprefix("./").removesuffix("/**").rstrip("/*")
        return bool(wanted) and any(p == wanted or p.startswith(f"{wanted}/") for p in self._paths)

    def quoted(self, quote: str | None, path: str | None) -> bool:
        """Whether a quote stands, white space aside, in a touched file, its diff, or the message."""
        wanted = flat(quote or "")
        if len(wanted.replace(" ", "")) < SHORTEST_QUOTE:
            return False
        bare = flat(_MARKERS.sub("", quote or ""))
        places = [self._flat_message, self._flat_sent]
        places += [text for where, text in self._flat_files.items() if path is None or where == path]
        return any(wanted in place or bare in place for place in places)

    def has_name(self, name: str) -> bool:
        """Whether an identifier, path or phrase stands in the commit, whole or in all its parts."""
        wanted = flat(name).strip("` ")
        if not wanted or self._contains(wanted) or self._contains(wanted.partition("(")[0].strip() or wanted):
            return True
        parts = _PARTS.findall(wanted)
        return bool(parts) and all(part in self._words for part in parts)

    def has_figure(self, number: str, unit: str) -> bool:
        """Whether a number with a unit (a pattern) stands in the commit, not as a part of another number.

        Of a range the unit may stand behind the second number.
        """
        second = r"(?:\s*%?\s*(?:[-~]|to)\s*\d[\d.,]*)?"
        pattern = re.compile(rf"(?<![\d.]){re.escape(number)}{second}\s*-?(?:{unit})", re.ASCII)
        return any(pattern.search(text) for text in self._all)

    def has_phrase(self, phrase: str) -> bool:
        """Whether some words stand in the commit, in any case and with any of ` -_` between them."""
        words = _PARTS.findall(phrase.lower().replace("_", " "))
        joined = " ".join(words)
        return bool(words) and any(joined in text for text in self._lowered)

    def lacks(self, name: str, path: str) -> bool | None:
        """Whether the whole new version of a touched file is without a name; None when it was not read."""
        for text in self.texts:
            if text.change.path == path and text.new is not None and len(text.new) <= LONGEST_FILE:
                wanted = name.strip("` ").partition("(")[0]
                return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", _decoded(text.new)) is None
        return None

    def _contains(self, wanted: str) -> bool:
        return any(wanted in text for text in self._all) or any(wanted in path for path in self._paths)

    @functools.cached_property
    def _flat_message(self) -> str:
        return flat(self._message)

    @functools.cached_property
    def _flat_sent(self) -> str:
        return flat(self._sent)

    @functools.cached_property
    def _flat_files(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for text in self.texts:
            versions = [v for v in (text.new, text.old) if v is not None and len(v) <= LONGEST_FILE]
            parts = [
                flat(text.patch),
                flat(_MARKERS.sub("", text.patch)),
                *(flat(_decoded(v)) for v in versions),
            ]
            found[text.change.path] = "\n".join(parts)
        return found

    @functools.cached_property
    def _all(self) -> tuple[str, ...]:
        return (self._flat_message, self._flat_sent, *self._flat_files.values())

    @functools.cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(part for text in (*self._all, *self._paths) for part in _PARTS.findall(text))

    @functools.cached_property
    def _lowered(self) -> tuple[str, ...]:
        return tuple(" ".join(_PARTS.findall(text.lower().replace("_", " "))) for text in self._all)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

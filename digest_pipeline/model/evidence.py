"""What a commit gives to prove a statement with: its message, its diff and its files in full. Pure."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        self._flats: dict[tuple[int, str], str] = {}

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
        return any(wanted in place or bare in place for place in self._places(path))

    def has_name(self, name: str) -> bool:
        """Whether an identifier, path or phrase stands in the commit, whole or in all its parts."""
        wanted = flat(name).strip("` ")
        called = wanted.partition("(")[0].strip() or wanted
        if not wanted or any(called in path for path in self._paths):
            return True
        if any(called in place for place in self._places()):
            return True
        parts = dict.fromkeys(_PARTS.findall(wanted))
        return bool(parts) and all(self._has_word(part) for part in parts)

    def has_figure(self, number: str, unit: str) -> bool:
        """Whether a number with a unit (a pattern) stands in the commit, not as a part of another number.

        Of a range the unit may stand behind the second number.
        """
        second = r"(?:\s*%?\s*(?:[-~]|to)\s*\d[\d.,]*)?"
        pattern = re.compile(rf"(?<![\d.]){re.escape(number)}{second}\s*-?(?:{unit})", re.ASCII)
        return any(number in place and pattern.search(place) for place in self._places())

    def has_phrase(self, phrase: str) -> bool:
        """Whether some words stand in the commit, in any case and with any of ` -_` between them."""
        words = [re.escape(word) for word in _PARTS.findall(phrase.replace("_", " "))]
        pattern = re.compile(r"[\W_]*".join(words), re.IGNORECASE)
        return bool(words) and any(pattern.search(place) for place in self._places())

    def lacks(self, name: str, path: str) -> bool | None:
        """Whether the whole new version of a touched file is without a name; None when it was not read."""
        for text in self.texts:
            if text.change.path == path and text.new is not None and len(text.new) <= LONGEST_FILE:
                wanted = name.strip("` ").partition("(")[0]
                return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", _decoded(text.new)) is None
        return None

    def _has_word(self, word: str) -> bool:
        if any(word in _PARTS.findall(path) for path in self._paths):
            return True
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        return any(word in place and pattern.search(place) for place in self._places())

    def _places(self, path: str | None = None) -> Iterator[str]:
        """The texts to search, flattened, the cheapest and likeliest first; of one path or of all.

        A whole file is decoded only when what is looked for stands nowhere before it.
        """
        yield from self._near
        mine = [n for n, text in enumerate(self.texts) if path is None or text.change.path == path]
        for kind in ("patch", "bare patch", "new", "old"):
            for number in mine:
                yield self._flat(number, kind)

    def _flat(self, number: int, kind: str) -> str:
        if (number, kind) not in self._flats:
            self._flats[number, kind] = flat(self._raw(self.texts[number], kind))
        return self._flats[number, kind]

    @staticmethod
    def _raw(text: FileText, kind: str) -> str:
        if kind == "patch":
            return text.patch
        if kind == "bare patch":
            return _MARKERS.sub("", text.patch)
        version = text.new if kind == "new" else text.old
        return "" if version is None or len(version) > LONGEST_FILE else _decoded(version)

    @functools.cached_property
    def _near(self) -> tuple[str, ...]:
        return flat(self._message), flat(self._sent), flat(_MARKERS.sub("", self._sent))


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

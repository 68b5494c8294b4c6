"""What a commit gives to prove a statement with: its message, its diff and its files in full. Pure."""

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING

from digest_pipeline.model.packing import CUT
from digest_pipeline.model.redaction import MARK, redacted_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from digest_pipeline.models import Commit, FileText

LONGEST_FILE = 2_000_000
"""Bytes of a version of a file that are searched."""

SHORTEST_QUOTE = 4
"""Characters without spaces; less proves nothing."""

_MARKERS = re.compile(r"^[+\- ]", re.MULTILINE)
_PARTS = re.compile(r"[\w]+", re.UNICODE)
_TOKENS = re.compile(r"-{0,2}\w+(?:-\w+)*")
_WORD = re.compile(r"\w", re.ASCII)
_DASHES = str.maketrans({"‑": "-", "–": "-", "—": "-", "−": "-", "％": "%", "×": "x", "\u00a0": " "})


def flat(text: str) -> str:
    """A text with one blank for all white space, and one form of each dash."""
    return " ".join(text.translate(_DASHES).split())


class Evidence:
    """The texts of one commit, searched by quote, name and figure."""

    def __init__(self, message: str, paths: Iterable[str] = (), texts: Iterable[FileText] = ()) -> None:
        self.texts = tuple(texts)
        self._message = message
        self._paths = frozenset(paths)
        self._flats: dict[tuple[int, str], str] = {}

    @classmethod
    def of_commit(cls, commit: Commit, texts: Iterable[FileText]) -> Evidence:
        """All that a commit gives."""
        changed = (path for change in commit.files for path in (change.path, change.old_path))
        return cls(f"{commit.subject}\n{commit.body}", filter(None, changed), texts)

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
        """Whether a quote stands, white space aside, in a touched file, its diff, or the message.

        Where the model was shown a mark for a secret, it may quote the mark.
        """
        quote = (quote or "").strip().removesuffix(CUT.strip())
        wanted, bare = flat(quote), flat(_MARKERS.sub("", quote))
        if len(wanted.replace(" ", "")) < SHORTEST_QUOTE:
            return False
        if any(wanted in place or bare in place for place in self._places(path)):
            return True
        return MARK in wanted and any(bare in place for place in self._without_secrets(path))

    def has_name(self, name: str) -> bool:
        """Whether an identifier, path or phrase stands in the commit, whole or in all its parts.

        The parts of `Pool.retries`, `net/pool.py` and `Pool(retries=3)` may stand apart from each other,
        those of `--max-retries` not.
        """
        wanted = flat(name).strip("` ")
        tokens = dict.fromkeys(_TOKENS.findall(wanted))
        return self._stands(wanted) or (bool(tokens) and all(map(self._stands, tokens)))

    def has_text(self, text: str) -> bool:
        """Whether a text stands in the commit, white space aside."""
        wanted = flat(text)
        return any(wanted in place for place in self._places())

    def has_number(self, number: str) -> bool:
        """Whether a number stands in the commit, not as a part of another one, nor of a word."""
        forms = {number, number.replace(",", ""), number.replace(",", "_")}
        return any(self._stands(form, decimals=True) for form in forms)

    def has_figure(self, number: str, unit: str, named: str) -> bool:
        """Whether a number with a unit stands in the commit, not as a part of another number.

        `unit` is a pattern of what stands behind the number, of a range behind the second one; `named` is
        one of how the thing that has the number is called.
        """
        second = r"(?:\s*%?\s*(?:[-~]|to)\s*\d[\d.,]*)?"
        bare = re.escape(number)
        pattern = re.compile(
            rf"(?<![\d.]){bare}{second}\s*-?(?:{unit})"
            rf"|(?i:(?<![a-z])(?:{named}))[\"']?\s*(?::\s*\w+\s*)?[:=(]\s*{bare}(?!\w|\.\d)",
            re.ASCII,
        )
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

    def _stands(self, text: str, *, decimals: bool = False) -> bool:
        """Whether a text stands in the commit or a path, not as a part of a longer word or number."""
        if not text:
            return False
        before = r"(?<![A-Za-z0-9_])" if _WORD.match(text[0]) else r"(?<!-)" if text[0] == "-" else ""
        after = r"(?![A-Za-z0-9_])" if _WORD.match(text[-1]) else ""
        if decimals:
            before, after = rf"{before}(?<!\d\.)", rf"{after}(?!\.\d)"
        pattern = re.compile(f"{before}{re.escape(text)}{after}")
        places = itertools.chain(self._paths, self._places())
        return any(text in place and pattern.search(place) for place in places)

    def _places(self, path: str | None = None) -> Iterator[str]:
        """The texts to search, flattened, the cheapest and likeliest first; of one path or of all.

        A whole file is decoded only when what is looked for stands nowhere before it.
        """
        yield from self._near
        mine = [n for n, text in enumerate(self.texts) if path is None or text.change.path == path]
        for kind in ("patch", "bare patch", "new", "old"):
            for number in mine:
                yield self._flat(number, kind)

    def _without_secrets(self, path: str | None) -> Iterator[str]:
        """What the model was shown of the message and the diffs where something was taken out."""
        yield flat(redacted_lines(self._message))
        for text in self.texts:
            if path is None or text.change.path == path:
                yield flat(_MARKERS.sub("", redacted_lines(text.patch)))

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
        return (flat(self._message),)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

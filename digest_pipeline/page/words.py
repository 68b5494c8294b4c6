"""The words of the reports in one language.

Those of a page's parts are in `templates/report.<language>.toml`, the names of the reasons of a score in
`templates/rules.<language>.toml`, beside the sentences that `wording` makes, and why a model's analysis is
not there in `analyses`.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest_pipeline.analyses import PENDING_REASONS
from digest_pipeline.models import SettingsError
from digest_pipeline.page.markdown import Markdown, cell

if TYPE_CHECKING:
    from collections.abc import Iterable

TEMPLATES = Path(__file__).parent.parent / "templates"
LANGUAGES = ("zh", "en")


class Words:
    """The words of one language; `words("authors", n=3)` fills in values, escaped unless Markdown."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise SettingsError(f"language: {language!r} is not known; use one of {', '.join(LANGUAGES)}")
        self.language = language
        self.table = _read(f"report.{language}.toml")
        rules = _read(f"rules.{language}.toml")
        self.reasons = rules["reason"]
        self.touched: str = rules["files"]["changed"].partition("{")[0]
        """How the rules begin a sentence that knows no more than which places changed."""
        self.pending = {str(cause): said[language] for cause, said in PENDING_REASONS.items()}
        self.colon, self.comma = Markdown(self.table["colon"]), Markdown(self.table["comma"])

    def __call__(self, key: str, **values: object) -> Markdown:
        """The words under `key`; `a.b` is the key `b` of the table `a`.

        Where the number `n` is one and there is a key with `_one` at its end, that is taken.
        """
        found = self.table
        for part in key.split("."):
            found = found[part]
        if values.get("n") == 1:
            found = self.table.get(f"{key}_one", found)
        ready = {name: v if isinstance(v, Markdown) else cell(_figure(v)) for name, v in values.items()}
        return Markdown(str(found).format(colon=self.colon, **ready))

    def joined(self, parts: Iterable[Markdown]) -> Markdown:
        """A list of things in one sentence."""
        return Markdown(self.comma.join(parts))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((TEMPLATES / name).read_text("utf-8"))


@functools.cache
def words_of(language: str) -> Words:
    """The words of a language, read once."""
    return Words(language)


def _figure(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)

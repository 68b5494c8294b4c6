"""The sentences and labels of the rules in one language, from `templates/rules.<language>.toml`."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEMPLATES = Path(__file__).parent.parent / "templates"


@functools.cache
def labels(language: str) -> Mapping[str, str]:
    """All labels by flat key, `reason.<code>`, `kind.<kind>`, `type.<type>`, …; raises FileNotFoundError
    for a language that has no file."""  # noqa: D205, D209 - one sentence
    table = tomllib.loads((_TEMPLATES / f"rules.{language}.toml").read_text("utf-8"))
    return {f"{group}.{key}": text for group, entries in table.items() for key, text in entries.items()}


def say(language: str, key: str, **values: object) -> str:
    """One sentence with its places filled in."""
    return labels(language)[key].format(**values)


def joined(language: str, parts: list[str]) -> str:
    """A list of things as the language writes it."""
    return labels(language)["list.comma"].join(parts)

"""Configuration keys that a change adds, removes or sets otherwise. Pure and forgiving.

TOML and JSON are parsed in both versions; any other format, and what does not parse, is read line by line
from the hunks as `key: value`, `key = value` or `key value`.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from digest_pipeline.findings import Value
from digest_pipeline.models import FileKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from digest_pipeline.models import FileText

MAX_BYTES = 200_000
"""Larger manifests and settings are not parsed, longer hunks are cut."""
_MAX_KEYS = 2000
_MAX_DEPTH = 6


def setting_changes(text: FileText) -> list[Value]:
    """The keys of a configuration file that came, went or changed their value, by name."""
    path = text.change.path
    ending = path.rpartition(".")[2].lower()
    parse = {"toml": toml_table, "json": json_table}.get(ending)
    if text.change.kind is not FileKind.CONFIG or (text.old is None and text.new is None and not text.patch):
        return []
    if parse is not None:
        old, new = read_version(parse, text.old), read_version(parse, text.new)
        if old is not None and new is not None:
            before, after = _flat(old), _flat(new)
            keys = sorted(k for k in {*before, *after} if before.get(k) != after.get(k))
            return [Value(k, before.get(k), after.get(k), path) for k in keys]
    return _keys_of_hunks(path, text.patch)


def read_version(reader: Callable[[str], dict[str, Any]], raw: bytes | None) -> dict[str, Any] | None:
    """What a reader finds in one version; None where it is not of the format or too large."""
    if raw is not None and len(raw) > MAX_BYTES:
        return None
    try:
        return reader((raw or b"").decode("utf-8"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def toml_table(text: str) -> dict[str, Any]:
    """A TOML document; raises ValueError."""
    return tomllib.loads(text)


def json_table(text: str) -> dict[str, Any]:
    """A JSON object, empty for any other JSON value; raises ValueError."""
    loaded = json.loads(text or "{}")
    return loaded if isinstance(loaded, dict) else {}


def _flat(table: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}

    def walk(value: object, name: str, depth: int) -> None:
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            for key, inner in value.items():
                walk(inner, f"{name}.{key}" if name else str(key), depth + 1)
        elif len(flat) < _MAX_KEYS:
            flat[name] = json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)[:200]

    walk(table, "", 0)
    return flat


_KEY = re.compile(r"""^([+-])(\s*)(?:-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*(?:[:=]\s*|\s)(.*)$""")


def _keys_of_hunks(path: str, patch: str) -> list[Value]:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for line in patch[:MAX_BYTES].splitlines():
        match = _KEY.match(line)
        if match and not line.startswith(("+++", "---")) and len(before) + len(after) < _MAX_KEYS:
            (after if match[1] == "+" else before)[match[3]] = match[4].strip()[:200]
    keys = sorted(k for k in {*before, *after} if before.get(k) != after.get(k))
    return [Value(k, before.get(k), after.get(k), path) for k in keys]

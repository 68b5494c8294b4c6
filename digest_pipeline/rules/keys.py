"""Configuration keys that a change adds, removes or sets otherwise. Pure and forgiving.

A key is named by its path, `services.web.image`. TOML and JSON are parsed in both versions; any other
format, and what does not parse, is read line by line: what a key stands in follows from its indentation
(YAML, JSON with comments) or from the `[section]` above it (INI).
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

from digest_pipeline.models import FileKind
from digest_pipeline.rules import hunks
from digest_pipeline.rules.findings import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from digest_pipeline.models import FileText

MAX_BYTES = 200_000
"""Larger manifests and settings are not parsed, longer hunks are cut."""
_MAX_KEYS = 2000
_MAX_DEPTH = 6
_LONGEST_LABEL = 60
_NEVER = 10**6
"""Deeper than any line is indented."""
_TEXT = "\0"
"""Stands for a line of a text over several lines."""
_OPEN = "\1"
"""Stands for a line that opens a table, or one entry of a list."""
_LABELS = frozenset(["name", "id", "repo"])
"""Keys by which an entry of a list is known, where they come first in it."""


def setting_changes(text: FileText) -> list[Value]:
    """The keys of a configuration file that came, went or changed their value, by their path."""
    return _key_changes(text) if text.change.kind is FileKind.CONFIG else []


def plumbing_changes(text: FileText) -> list[Value]:
    """The same for the files of build and continuous integration; dependencies are no keys."""
    ending = text.change.path.rpartition(".")[2].lower()
    if _DOCKERFILE.fullmatch(text.change.path.rpartition("/")[2]):
        return _table_changes(text, _dockerfile) or []
    is_catalogue = text.change.path.endswith(".versions.toml")  # all of it are dependencies
    if text.change.kind not in (FileKind.CI, FileKind.BUILD) or ending not in _NESTED or is_catalogue:
        return []
    return [v for v in _key_changes(text) if not _DEPENDENCIES.search(v.name)]


def _key_changes(text: FileText) -> list[Value]:
    if text.change.status in ("A", "D"):
        return []  # the file is what came or went
    ending = text.change.path.rpartition(".")[2].lower()
    parse = {"toml": toml_table, "json": json_table}.get(ending)
    if text.old is None and text.new is None and not text.patch:
        return []
    found = _table_changes(text, parse) if parse is not None else None
    return _keys_of_lines(text, ending) if found is None else found


def _table_changes(text: FileText, parse: Callable[[str], dict[str, Any]]) -> list[Value] | None:
    """What differs between the two versions as tables; None where one does not parse."""
    old, new = read_version(parse, text.old), read_version(parse, text.new)
    if old is None or new is None:
        return None
    before, after = _flat(old), _flat(new)
    keys = sorted(k for k in {*before, *after} if before.get(k) != after.get(k))
    values = [Value(k, before.get(k), after.get(k), text.change.path) for k in keys]
    around = [_tables(side) for side in (before, after)]
    gone, come = around[0] - around[1], around[1] - around[0]
    return _folded(values, gone, come)


def _tables(flat: Iterable[str]) -> set[str]:
    """The tables in which some keys stand."""
    return {table for key in flat for table in _outer(key)}


def _outer(key: str) -> list[str]:
    """The tables around a key, the outermost first."""
    return [key[:at] for at, character in enumerate(key) if character == "."]


def _folded(values: Iterable[Value], gone: Collection[str], come: Collection[str]) -> list[Value]:
    """What came or went as a whole is named once, by the outermost table of it."""
    folded: dict[tuple[str, bool], list[Value]] = {}
    for value in values:
        whole = come if value.old is None else gone if value.new is None else ()
        name = next((table for table in _outer(value.name) if table in whole), value.name)
        folded.setdefault((name, value.old is None), []).append(value)
    return [_one(name, found) for (name, _), found in folded.items()]


def _one(name: str, values: list[Value]) -> Value:
    """One value for several under one name: their own where there is only one."""
    told = [v for v in values if _OPEN not in (v.old, v.new)]
    first = values[0]
    old, new = (None if side is None else "" for side in (first.old, first.new))
    return told[0] if len(told) == 1 else dataclasses.replace(first, name=name, old=old, new=new)


_DOCKERFILE = re.compile(r"(?i)(.*\.)?(docker|container)file([-_.].*)?")
_DOCKER_VALUE = re.compile(r"([A-Za-z_]\w*)(?:=(\"[^\"]*\"|'[^']*'|\S*))?")


def _dockerfile(text: str) -> dict[str, str]:
    """What `ENV` and `ARG` set, by name, the last of each (Dockerfile reference); empty without a value."""
    found: dict[str, str] = {}
    for word, rest in re.findall(r"(?mi)^[ \t]*(ENV|ARG)[ \t]+(.+)$", re.sub(r"\\[ \t]*\n", " ", text)):
        name, _, value = rest.partition(" ")
        if word.upper() == "ENV" and "=" not in name:  # the old form: `ENV name value`
            found[name] = value.strip()
        else:
            found.update({m[1]: (m[2] or "").strip("\"'") for m in _DOCKER_VALUE.finditer(rest)})
    return found


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


_NESTED = ("yml", "yaml", "toml", "json", "jsonc", "json5")
_DEPENDENCIES = re.compile(r"(?i)dependenc|\brequires\b|dependency-groups")
_SECTION = re.compile(r"\[+\s*([\w.\"' -]+?)\s*\]+\s*(?:[#;].*)?$")
_NESTED_KEY = re.compile(r"""["']?([\w@$][\w./@$ -]{0,80}?)["']?\s*[:=](?:\s+|$)(.*)$""")
_FLAT_KEY = re.compile(r"""["']?([A-Za-z_][\w.-]*)["']?\s*(?:[:=]\s*|\s)(.*)$""")
_ITEM = re.compile(r"^(?:-\s+)+")
_Located = dict[int, tuple[str, str]]
"""By the number of a line: the path of its key, and its value."""


def _keys_of_lines(text: FileText, ending: str) -> list[Value]:
    lines = hunks.changed_lines(text.patch[:MAX_BYTES])
    counts: Counter[tuple[str, str]] = Counter()
    for is_added, version in ((True, text.new), (False, text.old)):
        numbered = enumerate((version or b"").decode("utf-8", "replace")[:MAX_BYTES].split("\n"), 1)
        changed = {line.number: line.text for line in lines if line.is_added is is_added}
        located = _located(numbered if version is not None else sorted(changed.items()), ending, set(changed))
        for number in sorted(located)[:_MAX_KEYS]:
            counts[located[number]] += 1 if is_added else -1
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    texts = {key: None for key, value in counts if value == _TEXT}
    for (key, value), count in counts.items():
        if count and key not in texts:
            (after if count > 0 else before).setdefault(key, []).append(value)
    gone, come = (
        {key for key, values in side.items() if _OPEN in values and key not in other}
        for side, other in ((before, after), (after, before))
    )
    values = [
        Value(key, before.get(key, [None])[0], after.get(key, [None])[0], text.change.path)
        for key in sorted({*before, *after})
        if key in gone or key in come or _OPEN not in (*before.get(key, ()), *after.get(key, ()))
    ]
    whole = [t for t in sorted(texts) if not any(t.startswith(f"{c}.") for c in (*gone, *come))]
    return _folded(values, gone, come) + [Value(key, None, None, text.change.path) for key in whole]


def _located(lines: Iterable[tuple[int, str]], ending: str, wanted: Collection[int]) -> _Located:
    """The keys on the wanted lines of a file, with the keys and the section that they stand in."""
    last, outline = max(wanted, default=0), _Outline(ending)
    found = ((n, outline.read(line)) for n, line in itertools.takewhile(lambda row: row[0] <= last, lines))
    return {number: key for number, key in found if key is not None and number in wanted}


class _Outline:
    """Reads a file line by line and knows where it stands."""

    def __init__(self, ending: str) -> None:
        self._is_nested = ending in _NESTED
        self._section: list[str] = []
        self._around: list[tuple[float, str]] = []
        self._text_below, self._text = _NEVER, ""

    def read(self, line: str) -> tuple[str, str] | None:
        """The path of the key on a line, and its value; None where the line holds none, or only others."""
        code = line.strip()
        indent = len(line) - len(line.lstrip())
        if not code:
            return None
        if indent > self._text_below:
            return self._text, _TEXT
        if code.startswith(("#", "//", ";")):
            return None
        self._text_below = _NEVER
        if match := _SECTION.match(code):
            self._section, self._around = [match[1]], []
            return None
        bare = _ITEM.sub("", code) if code[0] == "-" else code
        match = (_NESTED_KEY if self._is_nested else _FLAT_KEY).match(bare)
        if code[0] == "-":
            self._leave(indent + 0.1)
        return None if match is None else self._key(match, indent, indent + len(code) - len(bare))

    def _leave(self, depth: float) -> None:
        while self._around and self._around[-1][0] >= depth:
            self._around.pop()

    def _key(self, match: re.Match[str], indent: int, depth: int) -> tuple[str, str] | None:
        self._leave(depth)
        value = match[2].partition(" #")[0].strip().rstrip(",")
        if depth > indent and match[1] in _LABELS and value and self._is_nested:
            self._around.append((indent + 0.5, value.strip("\"'")[:_LONGEST_LABEL]))
            return ".".join([*self._section, *(key for _, key in self._around)]), _OPEN
        name = ".".join([*self._section, *(key for _, key in self._around), match[1]])
        if not value or value[0] in "{[|>&!":
            self._around.append((depth, match[1]))
        if value[:1] in ("|", ">"):
            self._text_below, self._text = indent, name
        return (name, value[:200]) if value or not self._is_nested else (name, _OPEN)

"""Dependencies and configuration keys, read from the two versions of a manifest or settings file.

Pure and forgiving: what does not parse as its format is read line by line from the hunks, and what
does not fit there gives nothing. Lock files are read from their hunks only.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from digest_pipeline.models import FileKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from digest_pipeline.models import FileText

_MAX_KEYS = 2000
_MAX_DEPTH = 6
_MAX_BYTES = 200_000


@dataclasses.dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency added (no `old`), removed (no `new`) or changed."""

    name: str
    old: str | None
    new: str | None
    path: str
    is_dev: bool
    """Only for developing, testing, building or pinned in a lock file."""

    @property
    def is_major(self) -> bool:
        """Whether the first number that is not zero changed (semver 2.0.0, item 4 for 0.y.z)."""
        if self.old is None or self.new is None:
            return False
        return _leading(self.old) != _leading(self.new)


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """A named value that changed; None where it did not exist before or does not any more."""

    name: str
    old: str | None
    new: str | None
    path: str


def dependency_changes(text: FileText) -> list[Dependency]:
    """The dependencies that a change of a manifest or lock file adds, removes or bumps, by name."""
    path = text.change.path
    name = path.rpartition("/")[2].lower()
    if text.change.kind is FileKind.LOCK:
        return _locked(path, text.patch)
    reader = next((read for pattern, read in _READERS if re.fullmatch(pattern, name)), None)
    if reader is None or (text.old is None and text.new is None):
        return []
    old, new = _read(reader, text.old), _read(reader, text.new)
    if old is None or new is None:
        return []
    changes = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if before != after:
            is_dev = (after or before or ("", True))[1] or text.change.kind in (
                FileKind.CI,
                FileKind.DOCS,
                FileKind.TEST,
            )
            changes.append(Dependency(key, before and before[0], after and after[0], path, is_dev))
    return [c for c in changes if c.old != c.new]


def setting_changes(text: FileText) -> list[Value]:
    """The keys of a configuration file that came, went or changed their value, by name."""
    path = text.change.path
    ending = path.rpartition(".")[2].lower()
    parse = {"toml": _toml, "json": _json}.get(ending)
    if text.change.kind is not FileKind.CONFIG or (text.old is None and text.new is None and not text.patch):
        return []
    if parse is not None:
        old, new = _read(parse, text.old), _read(parse, text.new)
        if old is not None and new is not None:
            before, after = _flat(old), _flat(new)
            keys = sorted(k for k in {*before, *after} if before.get(k) != after.get(k))
            return [Value(k, before.get(k), after.get(k), path) for k in keys]
    return _keys_of_hunks(path, text.patch)


_Found = dict[str, tuple[str, bool]]


def _read(reader: Callable[[str], dict[str, Any]], raw: bytes | None) -> dict[str, Any] | None:
    """What a reader finds in one version; None where it is not of the format or too large."""
    if raw is not None and len(raw) > _MAX_BYTES:
        return None
    try:
        return reader((raw or b"").decode("utf-8"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _json(text: str) -> dict[str, Any]:
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


_REQUIREMENT = re.compile(
    r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(@\s*\S+|\(?[<>=!~^][^;#]*)?"
)


def _requirement(text: str) -> tuple[str, str] | None:
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    return re.sub(r"[-_.]+", "-", match[1]).lower(), " ".join((match[2] or "").strip("() ").split())


def _requirements(items: object, found: _Found, *, is_dev: bool) -> None:
    for item in items if isinstance(items, list) else []:
        parsed = _requirement(item) if isinstance(item, str) else None
        if parsed and (parsed[0] not in found or not is_dev):
            found[parsed[0]] = (parsed[1], is_dev)


def _pyproject(text: str) -> _Found:
    table, found = tomllib.loads(text), _Found()
    project = table.get("project", {})
    _requirements(table.get("build-system", {}).get("requires"), found, is_dev=True)
    for items in table.get("dependency-groups", {}).values():
        _requirements(items, found, is_dev=True)
    for items in project.get("optional-dependencies", {}).values():
        _requirements(items, found, is_dev=False)
    _requirements(project.get("dependencies"), found, is_dev=False)
    poetry = table.get("tool", {}).get("poetry", {})
    for name, spec in poetry.get("dependencies", {}).items():
        found[name.lower()] = (_spec(spec), False)
    if "requires-python" in project:
        found["python"] = (str(project["requires-python"]), False)
    return found


def _spec(spec: object) -> str:
    if isinstance(spec, dict):
        return str(
            spec.get("version")
            or spec.get("rev")
            or spec.get("tag")
            or spec.get("branch")
            or spec.get("path")
            or ""
        )
    return str(spec)


def _cargo(text: str) -> _Found:
    table, found = tomllib.loads(text), _Found()
    places = [table, table.get("workspace", {}), *table.get("target", {}).values()]
    for key, is_dev in (("dev-dependencies", True), ("build-dependencies", True), ("dependencies", False)):
        for place in places:
            for name, spec in place.get(key, {}).items():
                if not (isinstance(spec, dict) and (spec.get("workspace") or spec.get("path"))):
                    found[name] = (_spec(spec), is_dev)
    version = table.get("package", {}).get("rust-version")
    if isinstance(version, str):
        found["rust"] = (version, False)
    return found


def _package_json(text: str) -> _Found:
    table, found = _json(text), _Found()
    for key, is_dev in (
        ("devDependencies", True),
        ("optionalDependencies", False),
        ("peerDependencies", False),
        ("dependencies", False),
    ):
        for name, spec in table.get(key, {}).items():
            found[name] = (str(spec), is_dev)
    node = table.get("engines", {}).get("node")
    if node:
        found["node"] = (str(node), False)
    return found


def _go_mod(text: str) -> _Found:
    found = {
        m[1]: (m[2], "// indirect" in m[0])
        for m in re.finditer(r"(?m)^\s*(?:require\s+)?([\w./-]+\.[\w./-]+)\s+(v\S+).*$", text)
    }
    found |= {"go": (m[1], False) for m in re.finditer(r"(?m)^go\s+(\S+)", text)}
    return found


def _requirements_txt(text: str) -> _Found:
    found = _Found()
    for line in text.splitlines():
        parsed = _requirement(line) if line.strip() and not line.lstrip().startswith(("#", "-")) else None
        if parsed:
            found[parsed[0]] = (parsed[1], False)
    return found


def _quoted_requirements(text: str) -> _Found:
    """In `setup.py` and `setup.cfg`: only what carries a version, anything else is an ordinary string."""
    found = _Found()
    for match in re.finditer(
        r"""(?m)(?:["']|^\s+)([A-Za-z][\w.-]*(?:\[[\w,-]+\])?\s*[<>=~!]=?\s*\d[^"'\n;#]*)""", text
    ):
        parsed = _requirement(match[1])
        if parsed:
            found[parsed[0]] = (parsed[1].rstrip(", "), False)
    return found


def _gemfile(text: str) -> _Found:
    pattern = r"""(?m)^\s*(?:gem|\w+\.add(?:_runtime)?(_development)?_dependency)\s*\(?\s*["']([\w-]+)["'](?:\s*,\s*["']([^"']+)["'])?"""
    return {m[2]: (m[3] or "", bool(m[1])) for m in re.finditer(pattern, text)}


def _gradle(text: str) -> _Found:
    pattern = r"""(\w+)\s*[( ]\s*["']([\w.-]+:[\w.-]+):([\w.$-]+)["']"""
    return {m[2]: (m[3], "test" in m[1].lower()) for m in re.finditer(pattern, text)}


def _pom(text: str) -> _Found:
    pattern = r"<artifactId>([\w.-]+)</artifactId>\s*<version>([^<]+)</version>(\s*<scope>test)?"
    return {m[1]: (m[2], bool(m[3])) for m in re.finditer(pattern, text)}


def _dockerfile(text: str) -> _Found:
    return {m[1]: (m[2], True) for m in re.finditer(r"(?mi)^FROM\s+(?:--\S+\s+)?([\w./-]+):([\w.-]+)", text)}


_READERS: tuple[tuple[str, Callable[[str], _Found]], ...] = (
    (r"pyproject\.toml", _pyproject),
    (r"cargo\.toml", _cargo),
    (r"package\.json", _package_json),
    (r"go\.mod", _go_mod),
    (r"(.*[-_.])?(requirements|constraints)([-_.].*)?\.(txt|in)", _requirements_txt),
    (r"setup\.(py|cfg)", _quoted_requirements),
    (r"gemfile|.*\.gemspec", _gemfile),
    (r"build\.gradle(\.kts)?", _gradle),
    (r"pom\.xml", _pom),
    (r"(.*\.)?(docker|container)file(\..*)?", _dockerfile),
)


def _locked(path: str, patch: str) -> list[Dependency]:
    """Versions that changed in a TOML lock file (Cargo, uv, Poetry), where the hunk shows the name."""
    name, old, changes = "", None, []
    for line in patch[:_MAX_BYTES].splitlines():
        if match := re.match(r"[ +-]name = \"([^\"]+)\"", line):
            name, old = match[1], None
        elif match := re.match(r"-version = \"([^\"]+)\"", line):
            old = match[1]
        elif (match := re.match(r"\+version = \"([^\"]+)\"", line)) and name and old:
            changes.append(Dependency(name, old, match[1], path, is_dev=True))
            old = None
    return changes


_KEY = re.compile(r"""^([+-])(\s*)(?:-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*(?:[:=]\s*|\s)(.*)$""")


def _keys_of_hunks(path: str, patch: str) -> list[Value]:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for line in patch[:_MAX_BYTES].splitlines():
        match = _KEY.match(line)
        if match and not line.startswith(("+++", "---")) and len(before) + len(after) < _MAX_KEYS:
            (after if match[1] == "+" else before)[match[3]] = match[4].strip()[:200]
    keys = sorted(k for k in {*before, *after} if before.get(k) != after.get(k))
    return [Value(k, before.get(k), after.get(k), path) for k in keys]


def _leading(version: str) -> tuple[int, ...]:
    """The numbers up to the first that is not zero."""
    match = re.search(r"\d{1,9}(?:\.\d{1,9})*", version)
    numbers: Iterator[int] = (int(n) for n in match[0].split(".")[:4]) if match else iter(())
    leading: list[int] = []
    for number in numbers:
        leading.append(number)
        if number:
            break
    return tuple(leading)

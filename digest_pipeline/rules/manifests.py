"""Dependencies that a change of a manifest or lock file adds, removes or bumps.

Pure and forgiving: what does not parse as its format gives nothing. Lock files are read from their hunks
only, so a long one costs nothing.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from digest_pipeline.models import FileKind
from digest_pipeline.rules import jvm
from digest_pipeline.rules.findings import Dependency
from digest_pipeline.rules.keys import MAX_BYTES, json_table, read_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest_pipeline.models import FileText

_Found = dict[str, tuple[str, bool]]
"""By name: the version as written, and whether only developers need it."""
_INHERITED = "workspace"
"""Stands for the version of a dependency that a crate takes from its workspace."""
_NOT_SHIPPED = (FileKind.CI, FileKind.DOCS, FileKind.TEST)


def dependency_changes(text: FileText) -> list[Dependency]:
    """The dependencies that a change of a manifest or lock file adds, removes or bumps, by name."""
    path = text.change.path
    name = path.rpartition("/")[2].lower()
    if text.change.kind is FileKind.LOCK:
        return _locked(path, text.patch)
    reader = next((read for pattern, read in _READERS if re.fullmatch(pattern, name)), None)
    if reader is None or (text.old is None and text.new is None):
        return []
    old, new = read_version(reader, text.old), read_version(reader, text.new)
    if old is None or new is None:
        return []
    changes = []
    for key in sorted(k for k in {*old, *new} if old.get(k) != new.get(k)):
        before, after = old.get(key), new.get(key)
        if _INHERITED in ((before or after or ("",))[0], (after or before or ("",))[0]):
            continue  # the manifest of the whole workspace tells its version
        is_dev = (after or before or ("", True))[1] or text.change.kind in _NOT_SHIPPED
        changes.append(Dependency(key, before and before[0], after and after[0], path, is_dev))
    return [c for c in changes if c.old != c.new]


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
                if isinstance(spec, dict) and spec.get("workspace"):
                    found[name] = (_INHERITED, is_dev)
                elif not (isinstance(spec, dict) and spec.get("path")):
                    found[name] = (_spec(spec), is_dev)
    version = table.get("package", {}).get("rust-version")
    if isinstance(version, str):
        found["rust"] = (version, False)
    return found


def _package_json(text: str) -> _Found:
    table, found = json_table(text), _Found()
    for key, is_dev in (
        ("devDependencies", True),
        ("optionalDependencies", False),
        ("peerDependencies", False),
        ("dependencies", False),
    ):
        for name, spec in table.get(key, {}).items():
            if not str(spec).startswith(("file:", "link:", "workspace:", "portal:")):
                found[name] = (str(spec), is_dev)
    node = table.get("engines", {}).get("node")
    if node:
        found["node"] = (str(node), False)
    return found


def _go_mod(text: str) -> _Found:
    pattern = r"(?m)^[ \t]*(?:require[ \t]+)?([\w./-]{3,200})[ \t]+(v\d\S{0,100}).*$"
    found = {m[1]: (m[2], "// indirect" in m[0]) for m in re.finditer(pattern, text)}
    if match := re.search(r"(?m)^go\s+(\S+)", text):
        found["go"] = (match[1], False)
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
        r"""(?m)(?:["']|^[ \t]+)([A-Za-z][\w.-]*(?:\[[\w,-]+\])?\s*[<>=~!]=?\s*\d[^"'\n;#]*)""", text
    ):
        parsed = _requirement(match[1])
        if parsed:
            found[parsed[0]] = (parsed[1].rstrip(", "), False)
    return found


def _gemfile(text: str) -> _Found:
    pattern = (
        r"(?m)^[ \t]*(?:gem|\w+\.add(?:_runtime)?(_development)?_dependency)\s*\(?\s*"
        r"""["']([\w-]+)["'](?:\s*,\s*["']([^"']+)["'])?"""
    )
    return {m[2]: (m[3] or "", bool(m[1])) for m in re.finditer(pattern, text)}


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
    (r"build\.gradle(\.kts)?", jvm.gradle),
    (r"pom\.xml", jvm.pom),
    (r".+\.versions\.toml", jvm.catalogue),
    (r"(.*\.)?(docker|container)file(\..*)?", _dockerfile),
)


_LOCKED = (
    (r"go\.(work\.)?sum", re.compile(r"([\w./~-]+) (v\d[^\s/]*) h1:")),
    (r"gemfile\.lock", re.compile(r" {4}([\w.-]+) \(([\w.-]+)\)$")),
    (r"pnpm-lock\.ya?ml", re.compile(r"  '?/?(@?[\w./-]+)@(\d[\w.+-]*)(?:\([^:]*\))?'?:$")),
)
"""Lock files of which a line has both name and version."""
_NAMED = (
    (r"package-lock\.json|npm-shrinkwrap\.json", re.compile(r'\s*"(?:.*node_modules/)?([^"]+)": \{')),
    (r"composer\.lock", re.compile(r'\s*"name": "([^"]+)"')),
    (r"yarn\.lock", re.compile(r'"?(@?[^@\s"]+)@.*:$')),
    (r".*", re.compile(r'name = "([^"]+)"')),
)
"""Lock files that have the version below the name; the last ones are written in TOML (Cargo, uv, Poetry)."""
_LOCKED_VERSION = re.compile(r'\s*"?version"?\s*[=:]?\s*"([^"]+)"')


def _locked(path: str, patch: str) -> list[Dependency]:
    """Versions that changed in a lock file, where the hunk shows the name."""
    name = path.rpartition("/")[2].lower()
    rows = patch[:MAX_BYTES].splitlines()
    whole = next((pattern for file, pattern in _LOCKED if re.fullmatch(file, name)), None)
    found = _in_one_line(rows, whole) if whole else _below_names(rows, name)
    return [Dependency(*bump, path, is_dev=True, is_locked=True) for bump in dict.fromkeys(found)]


def _in_one_line(rows: list[str], pattern: re.Pattern[str]) -> list[tuple[str, str, str]]:
    """Name, old and new version of what has one of each."""
    versions: dict[str, tuple[list[str], list[str]]] = {}
    for row in rows:
        if row[:1] in ("+", "-") and (match := pattern.match(row[1:])):
            side = versions.setdefault(match[1], ([], []))[row[0] == "+"]
            side += [match[2]] if match[2] not in side else []
    return [
        (name, gone[0], come[0])
        for name, (gone, come) in versions.items()
        if len(gone) == len(come) == 1 and gone != come
    ]


def _below_names(rows: list[str], file: str) -> list[tuple[str, str, str]]:
    pattern = next(pattern for names, pattern in _NAMED if re.fullmatch(names, file))
    name, old, found = "", None, []
    for row in rows:
        if match := pattern.match(row[1:]):
            name, old = match[1], old if row[:1] == "+" and match[1] == name else None
        elif row.startswith("@@"):
            name, old = "", None
        elif match := _LOCKED_VERSION.match(row[1:]):
            if row[0] == "-":
                old = match[1]
            elif row[0] == "+" and name and old and old != match[1]:
                found.append((name, old, match[1]))
                old = None
    return found

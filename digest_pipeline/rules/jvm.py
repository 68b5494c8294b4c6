"""Dependencies in the build files of Java and Kotlin: Maven, Gradle and its version catalogues. Pure."""

from __future__ import annotations

import re
import tomllib

Found = dict[str, tuple[str, bool]]
"""By name: the version as written, and whether only developers need it."""
_FOR_TESTS = re.compile(r"test|junit|mock|assert|truth|hamcrest", re.IGNORECASE)
_OWN = re.compile(r"SNAPSHOT$|^\$\{(?:project|parent)\.|^\$\{revision")
"""Versions of a module of the project itself."""
_DEPENDENCIES = re.compile(r"<dependencies>.*?</dependencies>", re.DOTALL)
_WITHIN = re.compile(r"<(dependencies|configuration|executions|signature|exclusions)>.*?</\1>", re.DOTALL)
"""What has names and versions that are not of the element itself."""
_NESTED = re.compile(
    r"<(parent|dependencies|dependencyManagement|build|profiles|reporting)>.*?</\1>", re.DOTALL
)
_ELEMENT = re.compile(r"<(dependency|parent|plugin|extension)>(.{1,2000}?)</\1>", re.DOTALL)


def gradle(text: str) -> Found:
    """What a Gradle script asks for as `group:name:version`."""
    pattern = r"""\b(\w{1,40})[ \t]*[( ][ \t]*["']([\w.-]{1,100}:[\w.-]{1,100}):([\w.$-]{1,60})["']"""
    return {m[2]: (m[3], "test" in m[1].lower()) for m in re.finditer(pattern, text)}


def pom(text: str) -> Found:
    """The dependencies, the parent and the plugins of a Maven project that have a version of their own."""
    own = _text_of(_NESTED.sub("", text), "groupId")
    found: Found = {}
    for element in _ELEMENT.finditer(text):
        if element[1] == "parent" and _is_kin(own, _text_of(element[2], "groupId")):
            continue
        is_tool = element[1] in ("plugin", "extension")
        inner = _DEPENDENCIES.findall(element[2]) if is_tool else []
        nested = (m[2] for block in inner for m in _ELEMENT.finditer(block))
        for part in (_WITHIN.sub("", element[2]), *nested):
            name, version = (_text_of(part, tag) for tag in ("artifactId", "version"))
            if name and version and not _OWN.search(version):
                found[name] = (version, is_tool or _text_of(part, "scope") == "test")
    return found


def _is_kin(own: str, parent: str) -> bool:
    """Whether a parent is of the same project: who has no group of its own has that of the parent."""
    return not own or own.split(".")[:3] == parent.split(".")[:3]


def _text_of(element: str, tag: str) -> str:
    match = re.search(rf"<{tag}>\s*([^<\s]+)\s*</{tag}>", element)
    return match[1] if match else ""


def catalogue(text: str) -> Found:
    """A version catalogue of Gradle (`libs.versions.toml`); raises ValueError."""
    table = tomllib.loads(text)
    versions = table.get("versions", {})
    found: Found = {}
    for section, key in (("libraries", "module"), ("plugins", "id")):
        for entry in table.get(section, {}).values():
            name, version = _entry(entry, key, versions)
            if name and version:
                found[name] = (version, section == "plugins" or _FOR_TESTS.search(name) is not None)
    return found


def _entry(entry: object, key: str, versions: dict[str, object]) -> tuple[str, str]:
    """Name and version of `"group:name:1.0"` or of a table that may refer to a shared version."""
    if isinstance(entry, str):
        name, _, version = entry.rpartition(":")
        return name, version
    if not isinstance(entry, dict):
        return "", ""
    name = entry.get(key) or ":".join(str(entry[k]) for k in ("group", "name") if k in entry)
    version = entry.get("version", "")
    if isinstance(version, dict):
        version = versions.get(str(version.get("ref")), "") if "ref" in version else version
    if isinstance(version, dict):
        version = next((version[k] for k in ("strictly", "require", "prefer") if k in version), "")
    return str(name), str(version)

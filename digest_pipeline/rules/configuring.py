"""The configuration keys and dependencies of a diff as sentences in one language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.rules.catalogue import say
from digest_pipeline.rules.naming import LONGEST_NAME, MOST_NAMES, code, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from digest_pipeline.rules.findings import Dependency, Facts, Value


def key_lines(facts: Facts, keys: Sequence[Value], language: str) -> Iterator[str]:
    """What came, went and changed among the keys of configuration files."""
    for step in ("added", "removed"):
        found = [v for v in keys if (v.old if step == "added" else v.new) is None and v.old != v.new]
        for sort in ("setting", "feature", "job"):
            names = (_key(v, facts) for v in found if _sort_of_key(v) == sort)
            if several := list(dict.fromkeys(names)):
                yield say(language, f"fact.{sort}_{step}", names=listed(language, several))
    both = [v for v in keys if (v.old is None) == (v.new is None)]
    changed = [v for v in both if v.old and v.new and len(v.old) + len(v.new) < LONGEST_NAME]
    texts = [code(v.name, facts.shown) for v in both if v not in changed]
    for v in changed[:MOST_NAMES]:
        old_new = {"old": code(v.old or "", facts.shown), "new": code(v.new or "", facts.shown)}
        yield say(language, "fact.setting_changed", name=code(v.name, facts.shown), **old_new)
    if texts:
        yield say(language, "fact.setting_text", names=listed(language, texts))


def _sort_of_key(key: Value) -> str:
    """What a key is: a feature of a crate, a job of a workflow, or a setting like any other."""
    table, _, rest = key.name.partition(".")
    if table == "features" and key.path.endswith("Cargo.toml"):
        return "feature"
    is_job = table == "jobs" and rest and "." not in rest and key.path.startswith(".github/workflows/")
    return "job" if is_job else "setting"


def _key(key: Value, facts: Facts) -> str:
    is_plain = _sort_of_key(key) == "setting"
    return code(key.name if is_plain else key.name.partition(".")[2], facts.shown)


def dependency_line(facts: Facts, dependency: Dependency, language: str) -> str:
    """What became of a dependency that a manifest asks for."""
    name, old, new = (
        code(part or "", facts.shown) for part in (dependency.name, dependency.old, dependency.new)
    )
    if dependency.old is None or dependency.new is None:
        key = "fact.dependency_added" if dependency.old is None else "fact.dependency_removed"
        return say(language, f"{key}{'_dev' * dependency.is_dev}", name=name, new=new).strip()
    key = "fact.dependency_changed"
    if dependency.is_major:
        key = "fact.dependency_zero" if is_zero(dependency) else "fact.dependency_major"
    if not (old and new):  # no version is asked for
        return say(language, "fact.dependency_bound" if new else "fact.dependency_free", name=name, new=new)
    return say(language, key, name=name, old=old, new=new)


def locked_lines(facts: Facts, language: str) -> Iterator[str]:
    """Which versions lock files pin now."""
    bumps = [
        say(
            language,
            "list.bump",
            name=code(d.name, facts.shown),
            old=code(d.old or "", facts.shown),
            new=code(d.new or "", facts.shown),
        )
        for d in facts.dependencies
        if d.is_locked
    ]
    if bumps:
        yield say(language, "fact.locked", names=listed(language, bumps))


def is_zero(dependency: Dependency) -> bool:
    """Whether both versions are `0.y.z`, where the second number may break (semver 2.0.0, item 4)."""
    firsts = (re.search(r"\d+", v or "") for v in (dependency.old, dependency.new))
    return all(first is not None and int(first[0]) == 0 for first in firsts)

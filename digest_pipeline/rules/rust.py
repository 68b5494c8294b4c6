"""What only Rust has and its grammar leaves apart: attributes, tests in the file, derived traits. Pure.

Nodes and what they define are in `heads`; here are the few questions that the text beside a node answers.
"""

from __future__ import annotations

import re

_ATTRIBUTE = re.compile(rb"(#\[[^\n]*\])\s*\Z")
FOR_TESTS = re.compile(rb"#\[cfg\((?:test|all\([^\n]*\btest\b[^\n]*\))\)\]")
"""The attribute of what is compiled with the tests only, also `all(test, …)`, but not `any(test, …)`."""
_REACH = 400
"""Bytes above a definition in which its attributes are looked for."""
_DERIVED = re.compile(r"\bderive\s*\(([^()]{1,400})\)")
_LIFETIME = re.compile(r"'\w+\s*,?\s*")


def start_of(source: bytes, start: int) -> int:
    """The first byte of a definition with the attributes above it."""
    while above := _ATTRIBUTE.search(source, max(0, start - _REACH), start):
        start = above.start(1)
    return start


def is_for_tests(source: bytes, start: int) -> bool:
    """Whether what begins at a byte is compiled with the tests only."""
    return FOR_TESTS.search(source, start_of(source, start), start) is not None


def hides(source: bytes, name: str) -> bool:
    """Whether a file defines a type or trait of this name for itself or its crate only."""
    pattern = rb"^\s*(pub\s+)?(?:pub\([^)]*\)\s*)?(?:unsafe\s+)?(?:struct|enum|union|trait)\s+%s\b"
    found = re.search(pattern % name.encode(), source, re.MULTILINE)
    return found is not None and found[1] is None


def derived(text: str) -> frozenset[str]:
    """The traits that some lines derive."""
    return frozenset(
        word.strip().rpartition("::")[2] for m in _DERIVED.finditer(text) for word in m[1].split(",")
    )


def implements(name: str) -> tuple[str, str]:
    """Trait and type of `path::Trait<'a> for Type`, without paths and lifetimes."""
    trait, _, kind = _LIFETIME.sub("", name).replace("<>", "").partition(" for ")
    return re.sub(r"^(?:\w+::)+", "", trait), kind

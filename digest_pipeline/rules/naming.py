"""How names, values and paths are written in the sentences of rules.

They are put in backticks only where they stand verbatim in the changed lines or their context; what is
written holds no other mark, no backtick of the commit itself, and no line break.
"""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING

from digest_pipeline.rules.catalogue import joined, labels, say
from digest_pipeline.rules.findings import bare_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MOST_NAMES = 4
LONGEST_NAME = 80
_MOST_OWNERS = 2
"""Of more, each name is given with its owner."""


def code(text: str, known: Collection[str]) -> str:
    """A name or value in backticks where it may be looked up, plain otherwise, always one line."""
    plain = " ".join(text.split())
    if text in known and "`" not in text and plain == text and len(text) <= LONGEST_NAME:
        return f"`{text}`"
    plain = plain.replace("`", "'")
    if len(plain) > LONGEST_NAME and " " not in plain:  # the end of a key or a path tells it apart
        return f"…{plain[1 - LONGEST_NAME :]}"
    return plain[:LONGEST_NAME]


def path_code(path: str) -> str:
    """A path in backticks, however long, unless a mark in it forbids."""
    return f"`{path}`" if " ".join(path.split()) == path and "`" not in path else code(path, ())


def named(language: str, name: str, known: Collection[str]) -> str:
    """A qualified name: whole where it stands so in the diff, else its last part and its owner."""
    return all_named(language, [name], known)


def all_named(language: str, names: Sequence[str], known: Collection[str]) -> str:
    """The first names of a list; those of one owner stand together: `open`, `close` of `Store`."""
    names = list(dict.fromkeys(_class_of(n) for n in names))
    owners = [owner_of(n, known) for n in names[:MOST_NAMES]]
    if len([o for o, _ in itertools.groupby(owners)]) > _MOST_OWNERS:
        return listed(language, (code(n, known) for n in names))
    shown: list[str] = []
    for owner, members in itertools.groupby(zip(owners, names, strict=False), key=operator.itemgetter(0)):
        group = [name for _, name in members]
        if not owner:
            shown.append(joined(language, [code(n, known) for n in group]))
        else:
            listing = joined(language, [code(bare_name(n), known) for n in group])
            shown.append(say(language, "definition.of", owner=code(owner, known), name=listing))
    text = labels(language)["list.groups"].join(shown) if any(owners) else joined(language, shown)
    return text if len(names) <= MOST_NAMES else say(language, "list.more", names=text, n=len(names))


def _class_of(name: str) -> str:
    """The class for its constructor, which Java and C++ name like it: `Retrofit.Builder.Builder`."""
    owner, joint, last = name.rpartition("::" if "::" in name else ".")
    return owner if joint and bare_name(owner) == last else name


def owner_of(name: str, known: Collection[str]) -> str:
    """The class or module of a name, empty where the whole name stands in the diff."""
    return "" if name in known else name[: len(name) - len(bare_name(name))].rstrip(".:")


def listed(language: str, names: Iterable[str]) -> str:
    """The first names of a list, and how many there are when not all are shown."""
    every = list(names)
    text = joined(language, every[:MOST_NAMES])
    return text if len(every) <= MOST_NAMES else say(language, "list.more", names=text, n=len(every))

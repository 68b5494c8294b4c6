"""Keep a clone as small and fast as a new one, however many nights it has been fetched into.

Each fetch leaves a pack of its own, with whole copies of what its deltas rest on, and each pack slows
every look-up down. Packs with a `.keep` file hold the history of `refs/digest/base`; the others are made
into one when they have become many, and become a part of the base when they hold half as much as it does.
So the cost grows with what came since the base, and the number of packs with the logarithm of all.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from digest_pipeline.git.transfer import Watch, fetch, new_bare, open_bare

if TYPE_CHECKING:
    from pathlib import Path

BASE = "refs/digest/base"
PACKS = 32
"""So many fetched packs may lie beside the base."""


def fetched_packs(clone: Path) -> list[Path]:
    """The packs that are not of the base, by name."""
    return [p for p in sorted(clone.glob("objects/pack/pack-*.pack")) if not _of_base(p)]


def set_base(clone: Path, tip: str) -> None:
    """Take all packs there are as the base; `tip` and its whole history lie in them."""
    for pack in fetched_packs(clone):
        pack.with_suffix(".keep").touch()
    open_bare(clone).references.create(BASE, tip, force=True)


def drop_litter(clone: Path) -> None:
    """Remove what a killed process left: packs that were being received, and halves of packs."""
    folder = clone / "objects/pack"
    for file in (*folder.glob("pack_git2_*"), *folder.glob("pack-*.pack"), *folder.glob("pack-*.idx")):
        other = {".pack": ".idx", ".idx": ".pack"}.get(file.suffix, ".none")
        if not file.with_suffix(other).exists():
            file.unlink()


def consolidate(clone: Path, work: Path, watch: Watch) -> None:
    """Make one pack of all that was fetched since the base, by a fetch from the clone itself.

    `work` is a folder on the same file system, made and removed here. Readers are safe: libgit2 looks
    for new packs when an object is no longer where it was.
    """
    watch.state = ("packing", 0, 0)
    whole = open_bare(clone)
    kept = [p for p in sorted(clone.glob("objects/pack/pack-*.pack")) if _of_base(p)]
    old = fetched_packs(clone)
    _show(work, kept)
    part = open_bare(work)
    base = whole.references[BASE].target if BASE in whole.references else None
    if base is not None and base in part:
        part.references.create(BASE, base)
    else:  # somebody has removed the mark of the base: everything is packed anew
        old, kept = kept + old, []
        _show(work, kept)
        part = open_bare(work)
    fetch(part, str(clone), "+refs/*:refs/*", watch)
    if not all(whole.references[name].target in part for name in whole.references):
        raise ValueError("what was packed is not complete")
    new = [p for p in work.glob("objects/pack/pack-*.pack") if not p.is_symlink()]
    for pack in new:
        for file in (pack, pack.with_suffix(".idx")):  # a pack is looked at once its index is there
            with file.open("rb") as written:
                os.fsync(written.fileno())
            file.replace(clone / "objects/pack" / file.name)
    for pack in old:
        if pack.name not in {p.name for p in new}:
            for suffix in (".keep", ".idx", ".rev", ".pack"):
                pack.with_suffix(suffix).unlink(missing_ok=True)
    shutil.rmtree(work)
    if 2 * _entries(fetched_packs(clone)) > _entries(kept):
        set_base(clone, str(whole.head.target))


def _show(work: Path, packs: list[Path]) -> None:
    """Make a new repository that holds these packs and nothing else."""
    shutil.rmtree(work, ignore_errors=True)
    new_bare(work)
    for pack in packs:
        for file in (pack, pack.with_suffix(".idx")):
            (work / "objects/pack" / file.name).symlink_to(file.resolve())


def _of_base(pack: Path) -> bool:
    return pack.with_suffix(".keep").exists()


def _entries(packs: list[Path]) -> int:
    """How much packs hold, however well it is compressed: the size of their indexes, 28 bytes an object."""
    return sum(pack.with_suffix(".idx").stat().st_size for pack in packs)

"""Keep a clone as small and fast as a new one, however many nights it has been fetched into.

Each fetch leaves a pack of its own, with whole copies of what its deltas rest on, and each pack slows
every look-up down. Packs with a `.keep` file hold the history of `refs/digest/base`; the others are made
into one when they have become many. The cost grows with what came since the base, not with the repository.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pygit2

from digest_pipeline.transfer import Watch, fetch

BASE = "refs/digest/base"
PACKS = 32
"""So many fetched packs may lie beside the base."""


def fetched_packs(clone: Path) -> list[Path]:
    """The packs that are not of the base, by name."""
    packs = sorted(clone.glob("objects/pack/pack-*.pack"))
    return [p for p in packs if not p.with_suffix(".keep").exists()]


def set_base(repo: pygit2.Repository, tip: str) -> None:
    """Take all packs there are as the base; `tip` and its whole history lie in them."""
    for pack in fetched_packs(Path(repo.path)):
        pack.with_suffix(".keep").touch()
    repo.references.create(BASE, tip, force=True)


def consolidate(clone: Path, work: Path, watch: Watch) -> None:
    """Make one pack of all that was fetched since the base, by a fetch from the clone itself.

    `work` is a folder on the same file system, made and removed here. Readers are safe: libgit2 looks
    for new packs when an object is no longer where it was.
    """
    old = fetched_packs(clone)
    watch.state = ("packing", 0, 0)
    shutil.rmtree(work, ignore_errors=True)
    repo = pygit2.init_repository(str(work), bare=True)
    packs, made = clone / "objects/pack", work / "objects/pack"
    for keep in packs.glob("pack-*.keep"):
        for suffix in (".pack", ".idx"):
            (made / keep.name).with_suffix(suffix).symlink_to(keep.with_suffix(suffix).resolve())
    repo.references.create(BASE, pygit2.Repository(str(clone)).references[BASE].target)
    fetch(repo, str(clone), "+refs/*:refs/*", watch)
    new = [p for p in made.glob("pack-*.pack") if not p.is_symlink()]
    for pack in new:
        for file in (pack, pack.with_suffix(".idx")):  # a pack is looked at once its index is there
            with file.open("rb") as written:
                os.fsync(written.fileno())
            file.replace(packs / file.name)
    for pack in old:
        if pack.name not in {p.name for p in new}:
            pack.with_suffix(".idx").unlink()
            pack.unlink()
    shutil.rmtree(work)

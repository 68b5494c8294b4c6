"""The objects of a repository on this machine: where they lie, and how a first clone takes them over."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.git.transfer import open_any
from digest_pipeline.models import TerminalCloneError

if TYPE_CHECKING:
    from digest_pipeline.git.transfer import Watch


def objects_of(source: Path, watch: Watch) -> Path:
    """The folder with the objects of a local repository. Raises TerminalCloneError for a shallow one."""
    repo = open_any(source)
    if repo.is_shallow:
        raise TerminalCloneError(watch.line("it is a shallow clone; complete it with git fetch --unshallow"))
    common = Path(repo.path)
    if (common / "commondir").is_file():  # a linked worktree
        common /= (common / "commondir").read_text().strip()
    return common.resolve() / "objects"


def adopt(objects: Path, clone: Path, watch: Watch) -> bool:
    """Take the objects of a local repository over as they lie there, as `git clone` does with a path.

    To fetch them from there would pack them all anew: 4 to 6 times the CPU. False, and nothing is taken,
    when none are packed, or they rest on objects elsewhere, are no plain files, or change meanwhile.
    """
    # First the loose ones: what is packed meanwhile is then found in its pack.
    files = sorted(objects.glob("[0-9a-f][0-9a-f]/*"))
    packs = sorted(objects.glob("pack/pack-*.pack"))
    if not packs or (objects / "info/alternates").exists() or any(objects.glob("pack/*.promisor")):
        return False
    files += [file for pack in packs for file in (pack, pack.with_suffix(".idx"))]
    taken: list[Path] = []
    try:
        for done, file in enumerate(files):
            watch.check()
            watch.state = ("copying", done, len(files))
            taken.append(clone / "objects" / file.relative_to(objects))
            _take(file, taken[-1])
    except OSError:
        for file in taken:
            file.unlink(missing_ok=True)
        return False
    return True


def _take(file: Path, target: Path) -> None:
    """Give a file that never changes a second name, or copy it where that cannot be."""
    if not stat.S_ISREG(file.lstat().st_mode):
        raise OSError(f"{file} is no plain file")
    target.parent.mkdir(exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(file, target, follow_symlinks=False)
    except OSError:  # another file system, or another owner
        part = target.parent.parent / "pack" / f"pack_git2_{target.name}"
        shutil.copyfile(file, part, follow_symlinks=False)
        part.replace(target)

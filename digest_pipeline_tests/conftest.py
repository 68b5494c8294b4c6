"""What all tests share: dated repositories, and a host whose git settings do not leak in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2
import pytest
from hypothesis import settings as hypothesis_settings

from digest_pipeline_tests.gitrepo import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

# The same examples every time: a failure on one machine is a failure on all.
hypothesis_settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis_settings.load_profile("same")


@pytest.fixture(autouse=True, scope="session")
def _no_git_configuration_of_the_host() -> None:
    for level in ("GLOBAL", "SYSTEM", "XDG", "PROGRAMDATA"):
        pygit2.settings.search_path[pygit2.enums.ConfigLevel[level]] = ""


@pytest.fixture
def git_repo(tmp_path: Path) -> GitRepo:
    """An empty bare repository with the branch `main`."""
    return GitRepo(tmp_path / "origin.git")

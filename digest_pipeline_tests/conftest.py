"""What all tests share: dated repositories, and a host whose git settings do not leak in."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pygit2
import pytest
from hypothesis import settings as hypothesis_settings

from digest_pipeline_tests.gitrepo import GitRepo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A shell lets what it starts in the background ignore Ctrl-C, and so would every process of a test.
signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.fixture(scope="session", autouse=True)
def _event_loop_of_libraries() -> Iterator[None]:
    """Litellm takes the main thread's event loop, and makes one that nobody closes where there is none."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()

"""Fetching from servers on loopback that refuse, hang, break off and lie; the clone stays as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pygit2
import pytest

from digest_pipeline.clones import open_clone, remote_head, sync_clone
from digest_pipeline.models import CloneError, Repository, TerminalCloneError, TransientCloneError
from digest_pipeline_tests.gitserver import World, needs_git, serving, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs_git
HALF = 200_000
"""Bytes of the world's pack that have been sent when a fault sets in."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with world_of(tmp_path) as world:
        yield world


def test_a_token_opens_a_private_repository_and_is_stored_nowhere(world: World) -> None:
    world.server.password = "t0ken-of-ada"
    assert world.sync(token="t0ken-of-ada").tip == world.tip
    assert {login for _, login in world.server.requests} == {"", "x-access-token:t0ken-of-ada"}
    files = [f for f in world.folder.rglob("*") if f.is_file()]
    assert files
    assert not [f for f in files if b"t0ken-of-ada" in f.read_bytes()]


def test_a_password_in_the_address_opens_it_too_and_is_stored_nowhere(world: World) -> None:
    world.server.password = "s3cret"
    url = world.server.url("engine.git").replace("//", "//ada:s3cret@")
    assert sync_clone(Repository("ada/engine", url), world.folder, now=1).tip == world.tip
    assert {login for _, login in world.server.requests} == {"", "ada:s3cret"}
    assert not [f for f in world.folder.rglob("*") if f.is_file() and b"s3cret" in f.read_bytes()]


@pytest.mark.parametrize("token", ["wrong-t0ken", None, ""])
def test_wrong_credentials_are_tried_once_and_never_shown(world: World, token: str | None) -> None:
    world.server.password = "right"
    with pytest.raises(TerminalCloneError, match=r"^ada/engine: http://127[.]0[.]0[.]1:\d+/.*token") as error:
        remote_head(world.repository, token=token)
    assert "wrong-t0ken" not in str(error.value)
    tries = ["", "x-access-token:wrong-t0ken"] if token else [""]
    assert [login for _, login in world.server.requests] == tries


def test_a_token_does_not_follow_a_redirect_to_another_host(world: World) -> None:
    with serving(world.source.path.parent) as other:
        other.password = "t0ken"
        world.server.redirect = f"http://localhost:{other.port}"
        with pytest.raises(TerminalCloneError, match=f"moved to {world.server.redirect}/engine.git; set url"):
            remote_head(world.repository, token="t0ken")
        assert [login for _, login in other.requests] == [""]
        other.password = None
        assert remote_head(world.repository, token="t0ken") == ("main", world.tip)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, TerminalCloneError),
        (404, TerminalCloneError),
        (429, TransientCloneError),
        (500, TransientCloneError),
        (503, TransientCloneError),
    ],
)
def test_a_refusal_says_its_status(world: World, status: int, error: type[CloneError]) -> None:
    world.server.status = status
    with pytest.raises(error, match=f"^ada/engine: http.*{status}; "):
        remote_head(world.repository)


def test_a_web_page_is_no_repository(world: World) -> None:
    world.server.page = b"<html>Welcome</html>"
    with pytest.raises(TerminalCloneError, match="no git server"):
        remote_head(world.repository)


def test_a_host_that_does_not_answer_may_answer_later(world: World) -> None:
    world.server.stop()
    with pytest.raises(TransientCloneError, match=r"Connection refused; run it again later"):
        remote_head(world.repository)


def test_a_server_that_hangs_meets_the_deadline(world: World) -> None:
    world.server.hang = True
    with pytest.raises(
        TransientCloneError, match=r"not done after 0[.]2 seconds, while connecting|timed out"
    ):
        remote_head(world.repository, deadline_seconds=0.2)


@pytest.mark.parametrize(
    ("switch", "at", "message"),
    [
        ("hang_after", HALF, r"not done after 0[.]3 seconds|timed out"),
        ("cut_after", HALF, "run it again"),
        ("cut_after", 0, "run it again"),
        ("flip_after", HALF, "run it again"),
    ],
)
def test_a_broken_transfer_leaves_the_clone_as_it_was(
    world: World, switch: str, at: int, message: str
) -> None:
    tip = world.tip
    root = [str(c.id) for c in world.source.repo.walk(tip)][-1]
    world.source.repo.references.create("refs/heads/main", root, force=True)
    before = world.sync(now=1)
    world.source.repo.references.create("refs/heads/main", tip, force=True)
    setattr(world.server, switch, at)
    with pytest.raises(TransientCloneError, match=message):
        world.sync(now=2, deadline_seconds=0.3 if switch == "hang_after" else 60)
    assert open_clone(world.folder, world.repository) == before
    setattr(world.server, switch, None)
    assert world.sync(now=3).tip == tip
    assert not world.litter()


def test_what_the_server_murmurs_need_not_be_utf8(world: World) -> None:
    world.server.murmur = "压缩对象".encode()[:-1] + b"\xff"
    assert world.sync().tip == world.tip


def test_progress_is_told_in_the_callers_thread_up_to_the_end(world: World) -> None:
    told: list[tuple[str, int, int]] = []
    threads: set[int] = set()

    def progress(phase: str, done: int, total: int) -> None:
        told.append((phase, done, total))
        threads.add(threading.get_ident())

    world.sync(progress=progress)
    phase, done, total = told[-1]
    assert (phase, done) in {("receiving", total), ("resolving", total)}
    assert total > 0
    assert threads == {threading.get_ident()}


def test_a_cancelled_fetch_raises_and_there_is_no_clone(world: World) -> None:
    world.server.hang_after = HALF
    with pytest.raises(TransientCloneError, match="was cancelled, while receiving"):
        world.sync(cancelled=world.server.stalled.is_set, deadline_seconds=60)
    assert open_clone(world.folder, world.repository) is None


def test_an_interrupted_transfer_stops_at_once_and_leaves_nothing(world: World) -> None:
    def progress(phase: str, done: int, _total: int) -> None:
        if phase == "receiving" and done:
            assert world.litter()
            raise KeyboardInterrupt

    world.server.drip_after = 40_000  # the rest would take more than three seconds
    with pytest.raises(KeyboardInterrupt):
        world.sync(progress=progress)
    assert not world.litter()


def test_ssh_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygit2, "features", 0)
    with pytest.raises(TerminalCloneError, match=r"git@localhost:.* without ssh; use https and token_env"):
        remote_head(Repository("ada/engine", "git@localhost:ada/engine.git"))


SYNC = """
import sys
from pathlib import Path
from digest_pipeline.clones import sync_clone
from digest_pipeline.models import Repository
try:
    clone = sync_clone(Repository("ada/engine", sys.argv[1]), Path(sys.argv[2]), now=1,
                       progress=lambda phase, done, total: print(phase, done, flush=True))
    print(clone.tip)
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


def _process(world: World) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SYNC, world.repository.url, str(world.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def stuck(world: World) -> Iterator[subprocess.Popen[str]]:
    """A process that has received half of the clone, and waits for the rest."""
    world.server.hang_after = HALF
    with _process(world) as process:
        assert process.stdout is not None
        received = (line.split() for line in process.stdout)
        assert next(int(done) for phase, done in received if phase == "receiving" and done != "0")
        assert world.server.stalled.wait(60)  # bytes arrive before the server has looked at its switch
        world.server.hang_after = None
        yield process
        process.kill()


def test_ctrl_c_comes_out_as_keyboard_interrupt(world: World, stuck: subprocess.Popen[str]) -> None:
    stuck.send_signal(signal.SIGINT)
    assert stuck.communicate(timeout=60)[1] == "interrupted\n"
    assert world.sync().tip == world.tip


def test_a_killed_clone_is_completed_by_the_next_one(world: World, stuck: subprocess.Popen[str]) -> None:
    stuck.kill()
    stuck.wait(timeout=60)
    assert world.litter()
    assert world.sync().tip == world.tip
    assert not world.litter()


def test_who_waits_for_another_process_can_give_up(world: World, stuck: subprocess.Popen[str]) -> None:
    phases: list[str] = []
    with pytest.raises(TransientCloneError, match="was cancelled, while waiting for another process"):
        world.sync(
            progress=lambda phase, *_: phases.append(phase),
            cancelled=lambda: "waiting for another process" in phases,
        )
    assert stuck.poll() is None


def test_two_processes_at_once_both_end_right(world: World) -> None:
    with _process(world) as other:
        assert world.sync().tip == world.tip
        assert other.communicate(timeout=60)[0].split("\n")[-2] == world.tip
    assert len(list(world.folder.rglob("pack-*.pack"))) == 1

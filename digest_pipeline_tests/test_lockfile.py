from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.lockfile import locked
from digest_pipeline.models import StoreError

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from digest_pipeline.lockfile import locked
with locked(Path(sys.argv[1]), 30):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_thread_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(10):
            with locked(tmp_path / "folder" / "lock", 30):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 60


def test_who_waits_too_long_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock, 30):
        with pytest.raises(StoreError) as caught, locked(lock, 0.05):
            pass
        assert f"{lock}: waited 0.05 s for process {os.getpid()} (" in str(caught.value)
    with locked(lock, 30):  # who gave up lets go when its turn comes
        pass


def test_a_killed_holder_leaves_nothing_locked(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"process {holder.pid} "), locked(lock, 0.05):
            pass
        holder.send_signal(signal.SIGKILL)
    with locked(lock, 30):
        pass


def test_ctrl_c_ends_the_waiting(tmp_path: Path) -> None:
    lock = tmp_path / "lock"

    def wait() -> None:
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
        with locked(lock, 30):
            pass

    with locked(lock, 30), pytest.raises(KeyboardInterrupt):
        wait()
    with locked(lock, 30):
        pass


def test_an_error_inside_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock", 30):
        raise ZeroDivisionError
    with locked(tmp_path / "lock", 30):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"), locked(tmp_path / "file" / "lock", 30):
        pass

from __future__ import annotations

import functools
import multiprocessing
import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from digest_pipeline.git import processes
from digest_pipeline.git.processes import in_order, worth

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def double(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def refuse_three(numbers: Sequence[int]) -> list[int]:
    if 3 in numbers:
        raise ValueError("three")
    return list(numbers)


def die_but_in(parent: int, numbers: Sequence[int]) -> list[int]:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return list(numbers)


def test_results_come_in_the_order_of_the_slices() -> None:
    slices = [range(start, start + 3) for start in range(0, 30, 3)]
    assert list(in_order(double, double, slices, 2)) == [2 * number for number in range(30)]


def test_a_slice_that_fails_ends_the_work_with_its_error() -> None:
    with pytest.raises(ValueError, match="three"):
        list(in_order(refuse_three, refuse_three, [[1], [2], [3], [4]], 2))


def test_who_stops_early_leaves_no_process_behind() -> None:
    before = multiprocessing.active_children()
    results = in_order(double, double, [[number] for number in range(50)], 2)
    assert next(results) == 0
    results.close()
    assert multiprocessing.active_children() == before


def test_where_processes_are_killed_this_one_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    work = functools.partial(die_but_in, os.getpid())
    assert list(in_order(work, work, [[number] for number in range(9)], 2)) == list(range(9))
    assert "this one goes on alone" in caplog.text


def test_the_main_module_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from digest_pipeline.git.processes import in_order\n"
        "from digest_pipeline_tests.test_processes import double\n"
        "print(list(in_order(double, double, [[1], [2], [3]], 2)))\n"
    )
    done = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[2, 4, 6]\n", "")


def test_helpers_end_with_the_process_that_is_killed() -> None:
    code = (
        "import multiprocessing, sys, time\n"
        "from digest_pipeline.git.processes import in_order\n"
        "from digest_pipeline_tests.test_processes import double\n"
        "results = in_order(double, double, [[n] for n in range(50)], 3)\n"
        "next(results)\n"
        "print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [os.pidfd_open(int(pid)) for pid in process.stdout.readline().split()]
        process.kill()
        ended = [bool(select.select([child], [], [], 30)[0]) for child in children]
    assert ended == [True, True]


@pytest.mark.parametrize(
    ("items", "cores", "expected"), [(0, 8, 1), (99, 8, 1), (250, 8, 2), (999, 8, 4), (999, 1, 1)]
)
def test_little_work_pays_for_no_process(
    items: int, cores: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_cores", lambda: cores)
    assert worth(items, 100) == expected


def test_a_daemon_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.current_process(), "_config", {"daemon": True})
    monkeypatch.setattr(processes, "_cores", lambda: 8)
    assert worth(10_000, 100) == 1

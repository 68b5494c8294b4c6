"""The processes of a session, as `start_new_session` makes one: what they have used, and how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_SECONDS = 30


def used(session: int) -> float:
    """CPU seconds of all processes of a session, and of those that they have waited for."""
    return sum(int(value) for _, fields in _processes(session) for value in fields[11:15]) / TICKS


def end(process: subprocess.Popen[bytes]) -> None:
    """End the whole session that a process leads: those that do not go when asked are killed."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        for pid in living(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            process.poll()
            if not living(process.pid):
                return
            time.sleep(0.1)


def living(session: int) -> list[int]:
    """The processes of a session that do not only wait for somebody to hear of their end."""
    return [pid for pid, fields in _processes(session) if fields[0] != "Z"]


def _processes(session: int) -> Iterator[tuple[int, list[str]]]:
    """Number and fields, from the state on, of each process of a session."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has just ended, and its parent has the figures
            continue
        if int(fields[3]) == session:
            yield int(entry.name), fields

"""Where a run works: the settings, the store, and who wants to see its progress."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.models import Window, window_of
from digest_pipeline.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from digest_pipeline.settings import Settings


def quiet(_phase: str, _done: int, _total: int) -> None:
    """A progress that nobody looks at."""


@dataclasses.dataclass(frozen=True, slots=True)
class Workspace:
    """The settings and where they put things; opening it reads and writes nothing."""

    settings: Settings
    store: Store
    progress: Callable[[str, int, int], None] = quiet
    """Called with (what is being done, how many are done, how many there are)."""

    @property
    def clones_dir(self) -> Path:
        """Where the bare clones are."""
        return self.settings.pipeline_dir / "clones"


def workspace_of(settings: Settings) -> Workspace:
    """The workspace of some settings."""
    return Workspace(settings, Store(settings.warehouse_path, settings.published_path))


def days_of_range(settings: Settings, first: dt.date, last: dt.date) -> list[Window]:
    """The windows of all days from `first` to `last`, both included."""
    count = (last - first).days + 1
    return [window_of(first + dt.timedelta(days=n), settings.timezone) for n in range(count)]

"""A folder with settings and small repositories, as a user has it; and a way to run stations in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.models import Repository, window_of
from digest_pipeline.settings import Settings, read_settings
from digest_pipeline.stations import clone_repository, store_commits
from digest_pipeline.workspace import Workspace, workspace_of
from digest_pipeline_tests.gitrepo import GitRepo

if TYPE_CHECKING:
    from pathlib import Path

    from digest_pipeline.models import Window

ONE, TWO = "octo/one", "octo/two"
ZONE = "Asia/Shanghai"
MONDAY = dt.date(2026, 2, 16)
TUESDAY, WEDNESDAY = MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=2)
THURSDAY_NOON = int(dt.datetime(2026, 2, 19, 4, tzinfo=dt.UTC).timestamp())
"""A moment of fetching at which Monday to Wednesday are over."""


@dataclasses.dataclass
class Project:
    """A settings file and its repositories, each a bare repository beside it."""

    folder: Path
    names: tuple[str, ...] = ("octo/one",)
    language: str = "en"
    extra: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.origins = {name: GitRepo(self.origin_path(name)) for name in self.names}
        self.write_settings()

    def origin_path(self, name: str) -> Path:
        return self.folder / f"{name.replace('/', '+')}.git"

    def write_settings(self) -> None:
        tables = [
            f'[[repositories]]\nname = "{name}"\nurl = "{self.origin_path(name).name}"\n'
            for name in self.names
        ]
        head = f'timezone = "{ZONE}"\nstart_date = 2026-02-01\nlanguage = "{self.language}"\n'
        self.file.write_text("\n".join([head, *tables, self.extra]), encoding="utf-8")

    @property
    def file(self) -> Path:
        return self.folder / "digest.toml"

    @property
    def settings(self) -> Settings:
        return read_settings(self.file)

    @property
    def workspace(self) -> Workspace:
        return workspace_of(self.settings)

    @property
    def repository(self) -> Repository:
        return self.settings.repository_values()[0]

    @property
    def origin(self) -> GitRepo:
        return self.origins[self.names[0]]

    def fetch(self, now: int = THURSDAY_NOON) -> None:
        """Station 1 and 2's index, as at the moment `now`."""
        clone_repository(self.workspace, self.repository, now=now)

    def store(self, *days: dt.date) -> dict[dt.date, int]:
        """Station 2 for some days that follow each other."""
        return store_commits(self.workspace, self.repository, windows(*days))


def two_repositories(folder: Path) -> Project:
    """`octo/one` and `octo/two`, each with the commits of `three_days`."""
    made = Project(folder, names=(ONE, TWO))
    for origin in made.origins.values():
        three_days(origin)
    return made


def litter(project: Project) -> list[Path]:
    """What a run that was stopped must not leave: temporary files, and locks of runs."""
    names = ("*.tmp", "*.new", "*.work", "pack_git2_*", "alive/*.lock")
    folders = (project.settings.data_dir, project.settings.reports_dir)
    return [path for folder in folders for name in names for path in folder.rglob(name)]


def windows(*days: dt.date) -> list[Window]:
    """The windows of some days."""
    return [window_of(day, ZONE) for day in days]


def three_days(repo: GitRepo) -> list[str]:
    """Five commits from Monday to Wednesday, Tuesday with none; the SHAs."""
    parser = "def parse(text):\n    return text\n"
    fixed = "def parse(text):\n    return text or ''\n"
    told: list[tuple[str, str, dict[str, str | None]]] = [
        ("2026-02-16T09:00:00+08:00", "feat: add a parser (#1)", {"src/parser.py": parser}),
        ("2026-02-16T23:59:59+08:00", "docs: explain the parser", {"README.md": "# Parser\n"}),
        (
            "2026-02-18T00:00:00+08:00",
            "fix: keep empty lines (#2)\n\nLost.",
            {"src/parser.py": fixed},
        ),
        ("2026-02-18T10:00:00+08:00", 'Revert "feat: add a parser (#1)" (#3)', {"src/parser.py": None}),
        ("2026-02-18T11:00:00+08:00", "ci: pin the runner", {".github/workflows/ci.yml": "on: push\n"}),
    ]
    return [repo.commit(when, message, files) for when, message, files in told]

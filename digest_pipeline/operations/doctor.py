"""Examine what a run needs, before it needs it: settings, remotes, model, database, notices, disk."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING

from digest_pipeline.models import DigestError, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from digest_pipeline.settings import Settings

LITTLE_DISK = 1 << 30
"""Bytes; a clone and a published copy of the database fit in less, but not for long."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    subject: str
    ok: bool
    text: str


def examine(settings: Settings, environ: Mapping[str, str], *, notify: bool = False) -> Iterator[Finding]:
    """One finding for each thing, in the order in which a run needs them; `notify` sends a test message."""
    count = len(settings.repositories)
    repositories = f"{count} repositor{'y' if count == 1 else 'ies'}"
    yield Finding("settings", ok=True, text=f"{settings.file}, {repositories}, {settings.timezone}")
    for repository in settings.repository_values():
        yield _remote(repository, environ)
    yield _model(settings, environ)
    yield _database(settings)
    yield _notices(settings, environ, notify=notify)
    yield _disk(settings.data_dir)
    yield _disk(settings.reports_dir)


def _remote(repository: Repository, environ: Mapping[str, str]) -> Finding:
    from digest_pipeline.clones import remote_head  # noqa: PLC0415 - pygit2

    token = environ.get(repository.token_env) if repository.token_env else None
    if repository.token_env and not token:
        return Finding(
            repository.name, ok=False, text=f"the environment has no variable {repository.token_env}"
        )
    try:
        branch, sha = remote_head(repository, token=token)
    except DigestError as error:
        return Finding(repository.name, ok=False, text=str(error).removeprefix(f"{repository.name}: "))
    return Finding(repository.name, ok=True, text=f"{branch} at {sha[:7]}")


def _model(settings: Settings, environ: Mapping[str, str]) -> Finding:
    model, variable = settings.analysis.model, settings.analysis.api_key_env
    if model == "rules":
        return Finding("model", ok=True, text="rules: no key, no network")
    if variable and not environ.get(variable):
        return Finding("model", ok=False, text=f"{model}: the environment has no variable {variable}")
    from digest_pipeline.llm import missing_keys  # noqa: PLC0415 - litellm

    missing = [] if variable else missing_keys(model)
    if missing:
        return Finding(
            "model", ok=False, text=f"{model}: the environment has no variable {' or '.join(missing)}"
        )
    return Finding("model", ok=True, text=model)


def _database(settings: Settings) -> Finding:
    from digest_pipeline.workspace import workspace_of  # noqa: PLC0415 - DuckDB

    store = workspace_of(settings).store
    try:
        names = [repository.name for repository in settings.repository_values()]
        days = sum(len(store.days(name, settings.start_date, dt.date.max)) for name in names)
    except DigestError as error:
        return Finding("database", ok=False, text=str(error))
    return Finding("database", ok=True, text=f"{settings.warehouse_path}, {days} days of these repositories")


def _notices(settings: Settings, environ: Mapping[str, str], *, notify: bool) -> Finding:
    from digest_pipeline.operations import notices  # noqa: PLC0415 - apprise

    urls = notices.addresses(environ)
    if not urls:
        return Finding("notices", ok=not notify, text=f"off; the environment has no variable {notices.URLS}")
    usable, wrong = notices.services(urls)
    if notify:
        message = notices.Message("digest: a test", f"The notices of {settings.file.name} arrive here.")
        _, wrong = notices.send(urls, message)
    if wrong:
        return Finding("notices", ok=False, text="; ".join(wrong))
    names = ", ".join(str(service.service_name) for service in usable)
    told = "failures and the page of each day" if settings.notify == "daily" else "failures"
    return Finding(
        "notices", ok=True, text=f"{told} to {names}{'; a test message is sent' if notify else ''}"
    )


def _disk(folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    ok = os.access(existing, os.W_OK) and free >= LITTLE_DISK
    problem = "" if os.access(existing, os.W_OK) else ", not writable"
    return Finding(str(folder), ok=ok, text=f"{free / (1 << 30):.1f} GiB free{problem}")

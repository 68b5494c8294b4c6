"""Add a repository to the settings file, keeping what a person wrote there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from digest_pipeline.files import write_files
from digest_pipeline.models import Repository, SettingsError
from digest_pipeline.settings import is_local, parse_settings, text_of_settings

if TYPE_CHECKING:
    from collections.abc import Callable


def name_from(url: str) -> str | None:
    """`owner/name` from the last two parts of an address; None when there are no two."""
    path = re.sub(r"^\w+://[^/]*", "", url)
    path = re.sub(r"^[\w.-]+@[\w.-]+:", "", path)
    parts = [re.sub(r"[^A-Za-z0-9_.-]", "-", part) for part in path.strip("/").split("/") if part.strip(".")]
    if not parts:
        return None
    owner = parts[-2] if len(parts) > 1 else "local"
    return f"{owner}/{parts[-1].removesuffix('.git')}"


def _from_folder(url: str, folder: Path) -> str:
    """An address as the settings file has to name it: local paths count from its folder."""
    if not is_local(url):
        return url
    path = Path(url).expanduser().resolve()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _ask(repository: Repository) -> tuple[str, str]:
    from digest_pipeline.clones import remote_head  # noqa: PLC0415 - pygit2

    token = os.environ.get(repository.token_env) if repository.token_env else None
    return remote_head(repository, token=token)


def add_repository(  # noqa: PLR0913 - the options of the command
    file: Path,
    url: str,
    *,
    name: str | None = None,
    branch: str | None = None,
    token_env: str | None = None,
    ask: Callable[[Repository], tuple[str, str]] = _ask,
) -> Repository:
    """Append a `[[repositories]]` table, also the first, after asking the remote; returns the repository.

    The file is replaced only when the new one reads without a mistake and the remote answers.
    Raises SettingsError and CloneError.
    """
    try:
        # Without its last line feed, tomlkit would go on in the last line.
        document = tomlkit.parse(text_of_settings(file).rstrip("\n") + "\n")
    except TOMLKitError as error:
        raise SettingsError(f"{file.name}: not TOML: {error}") from None
    address = _from_folder(url, file.parent)
    chosen = name or name_from(str((file.parent / address).resolve()) if is_local(url) else url)
    if chosen is None:
        raise SettingsError(f"{url}: has no owner and name in it; give one with --name owner/name")
    table = tomlkit.table()
    for key, value in {
        "name": chosen,
        "url": address,
        "branch": branch,
        "token_env": token_env,
    }.items():
        if value is not None:
            table[key] = value
    repositories = document.setdefault("repositories", tomlkit.aot())
    if not isinstance(repositories, AoT):
        raise SettingsError(
            f"{file.name}: repositories is written as an inline list; write [[repositories]] tables"
        )
    last = repositories[-1].as_string() if repositories else tomlkit.dumps(document)
    if repositories and last.endswith("\n\n"):  # the blank line before what follows goes before the new table
        table.add(tomlkit.nl())
    else:
        table.trivia.indent = "\n"
    repositories.append(table)
    text = tomlkit.dumps(document)
    settings = parse_settings(text, file)
    added = settings.repository_values()[-1]
    ask(added)
    write_files({file: text})
    return added

"""`digest`: the command line. It reads words, calls, and prints lines; nothing is decided here.

Exit codes: 0 done, 1 something failed (what, one line each, on stderr), 2 wrong use.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from digest_pipeline.models import DigestError, SettingsError, day_of
from digest_pipeline.settings import Settings, read_settings, settings_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from digest_pipeline.models import Repository

STYLE = click.Choice(["table", "csv", "json"])

settings_option = click.option(
    "--settings",
    "file",
    metavar="FILE",
    help="The settings; default: $DIGEST_SETTINGS, else digest.toml here.",
)


class Failed(click.ClickException):
    """Something failed: ends the command with its lines."""

    exit_code = 1

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's signature
        """Print each line with the program's name before it."""
        for line in self.message.splitlines():
            click.echo(f"digest: {line}", err=True, file=file)


class WrongUse(Failed):
    """The command or the settings are wrong."""

    exit_code = 2


class Stopped(Failed):
    """A person pressed Ctrl-C: the exit code is that of shells."""

    exit_code = 130


def _settings(file: str | None) -> Settings:
    with _failing():
        return read_settings(settings_file(file))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="digest-pipeline", prog_name="digest")
def main() -> None:
    """Digest git repositories: what changed, what matters in it, and why one can believe it."""
    # Dagster warns about its own parts that are young; the versions are pinned and tested.
    warnings.simplefilter("ignore")
    # A Ctrl-C while a connection closes would be told with a traceback.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


@main.command()
@settings_option
@click.option("--repo", "names", multiple=True, metavar="NAME", help="Only this repository; may be repeated.")
@click.option("--date", "date", metavar="D", help="One day: YYYY-MM-DD, today or yesterday (the default).")
@click.option("--from", "first", metavar="D", help="First day of a range.")
@click.option("--to", "last", metavar="D", help="Last day of a range; default: yesterday.")
@click.option("--newest", is_flag=True, help="The newest day that has commits, for each repository.")
@click.option("--force", is_flag=True, help="Ask the model again although its answers are at hand.")
def run(  # noqa: PLR0913 - the options of the command
    file: str | None,
    names: tuple[str, ...],
    date: str | None,
    first: str | None,
    last: str | None,
    newest: bool,
    force: bool,
) -> None:
    """Digest a day or a range of days; prints the paths of the reports."""
    settings = _settings(file)
    chosen = _repositories(settings, names)
    if sum((date is not None, first is not None or last is not None, newest)) > 1:
        raise WrongUse("--date, --from/--to and --newest exclude each other; give one of them")
    from digest_pipeline.operations import running  # noqa: PLC0415 - Dagster takes more than a second to import

    with running.shown() as watcher:
        try:
            if newest:
                tasks, failures = running.newest_days(settings, chosen, watcher)
            else:
                begin, end = _range(settings, date, first, last)
                tasks, failures = [(chosen, begin, end)], []
            paths, more = running.run_all(settings, tasks, force=force, watcher=watcher, fetched=newest)
        except KeyboardInterrupt:
            raise Stopped("stopped; what was finished is stored, the rest is as it was") from None
    here = Path.cwd()
    for path in paths:
        click.echo(path.relative_to(here) if path.is_relative_to(here) else path)
    if failures + more:
        raise Failed("\n".join([*failures, *more]))


@main.command()
@settings_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
def ui(file: str | None, host: str, port: int) -> None:
    """Start the web interface and the daemon that runs backfills and the schedule."""
    settings = _settings(file)
    from digest_pipeline.operations.instance import prepare_home, prepare_workspace  # noqa: PLC0415

    home = prepare_home(settings.pipeline_dir)
    environment = {**os.environ, "DAGSTER_HOME": str(home), "DIGEST_SETTINGS": str(settings.file)}
    # Without bytecode every start of a Dagster process costs three times as much.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONWARNINGS"] = "ignore"
    click.echo(f"http://{host}:{port}", err=True)
    environment["DIGEST_UI_URL"] = f"http://{host}:{port}"
    workspace = str(prepare_workspace(home))
    arguments = ["-m", "digest_pipeline.operations.serve", "-w", workspace, "-h", host, "-p", str(port)]
    # A shell that starts this in the background lets it ignore Ctrl-C, and Dagster would then never stop.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(home)  # Dagster would read, and warn of, a dagster.yaml in the working folder
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606 - no shell is wanted


@main.command()
@settings_option
@click.argument("statement", metavar="SQL")
@click.option(
    "--format", "style", type=STYLE, default="table", show_default=True, help="How rows are printed."
)
def sql(file: str | None, statement: str, style: str) -> None:
    """Ask the published database (read-only) a question in SQL; see docs/sql.md."""
    settings = _settings(file)
    from digest_pipeline.operations.printing import as_text  # noqa: PLC0415
    from digest_pipeline.workspace import workspace_of  # noqa: PLC0415 - DuckDB

    with _failing():
        columns, rows = workspace_of(settings).store.query(statement)
    click.echo(as_text(columns, rows, style), nl=False)


@main.command()
@settings_option
@click.argument("url")
@click.option("--name", help="owner/name; default: from the address.")
@click.option("--branch", help="The branch to follow; default: the remote's HEAD.")
@click.option("--token-env", help="Name of the environment variable that holds the access token.")
def add(file: str | None, url: str, name: str | None, branch: str | None, token_env: str | None) -> None:
    """Add a repository to the settings, after asking the remote for its branch."""
    from digest_pipeline.operations.adding import add_repository  # noqa: PLC0415

    with _failing():
        added = add_repository(settings_file(file), url, name=name, branch=branch, token_env=token_env)
    click.echo(f"added {added.name}; digest its newest day with: digest run --repo {added.name} --newest")


@main.command()
@settings_option
@click.option("--notify", is_flag=True, help="Send a test message to the addresses of DIGEST_NOTIFY_URLS.")
def doctor(file: str | None, notify: bool) -> None:
    """Check settings, remotes, model, database, notices and disk; one line each."""
    settings = _settings(file)
    from digest_pipeline.operations.doctor import examine  # noqa: PLC0415

    healthy = True
    for finding in examine(settings, os.environ, notify=notify):
        healthy = healthy and finding.ok
        click.echo(f"{'ok    ' if finding.ok else 'failed'}  {finding.subject}: {finding.text}")
    if not healthy:
        sys.exit(Failed.exit_code)


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """Turn an error for people into its line and the exit code of its kind."""
    try:
        yield
    except SettingsError as error:
        raise WrongUse(str(error)) from None
    except DigestError as error:
        raise Failed(str(error)) from None


def _repositories(settings: Settings, names: Sequence[str]) -> list[Repository]:
    known = {r.name: r for r in settings.repository_values()}
    for name in names:
        if name not in known:
            raise WrongUse(f"--repo {name}: not in {settings.file.name}; allowed: {', '.join(known)}")
    return [r for r in known.values() if not names or r.name in names]


def _range(
    settings: Settings, date: str | None, first: str | None, last: str | None
) -> tuple[dt.date, dt.date]:
    # The one place where the clock decides: what a person means by "today".
    today = day_of(int(dt.datetime.now(ZoneInfo(settings.timezone)).timestamp()), settings.timezone)

    def day(option: str, text: str) -> dt.date:
        words = {"today": today, "yesterday": today - dt.timedelta(days=1)}
        try:
            value = words.get(text) or dt.date.fromisoformat(text)
        except ValueError:
            raise WrongUse(f"{option} {text}: not a date; allowed: YYYY-MM-DD, today, yesterday") from None
        if not settings.start_date <= value <= today:
            raise WrongUse(
                f"{option} {text}: outside of what can be asked for; allowed: {settings.start_date} "
                f"(start_date in {settings.file.name}) to {today} (today in {settings.timezone})"
            )
        return value

    if first is None and last is None:
        only = day("--date", date or "yesterday")
        return only, only
    if first is None:
        raise WrongUse("--to needs --from; give the first day of the range")
    begin, end = day("--from", first), day("--to", last or "yesterday")
    if begin > end:
        raise WrongUse(f"--from {begin} is after --to {end}; allowed: the first day first")
    return begin, end


if __name__ == "__main__":
    main()

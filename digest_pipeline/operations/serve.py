"""What `digest ui` becomes: Dagster's web server and daemon, after the runs of a crash are closed.

A process of its own, so that Dagster is imported once and not before the command line has spoken.
"""

from __future__ import annotations

import datetime as dt
import sys

import dagster as dg
from dagster._cli import cli

from digest_pipeline.operations.runs import close_dead


def main(arguments: list[str]) -> None:
    """Run `dagster dev` with these arguments; DAGSTER_HOME names the instance."""
    with dg.DagsterInstance.get() as instance:
        closed = close_dead(instance, dt.datetime.now(dt.UTC))
    if closed:
        print(f"closed {len(closed)} runs whose process is gone", file=sys.stderr)  # noqa: T201 - a command
    cli(["dev", *arguments], auto_envvar_prefix="DAGSTER", prog_name="dagster")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What the web interface shows of an asset beside what it does: columns of its table, and freshness.

Nothing here decides what is digested; `definitions` puts it onto the assets. The types and meanings of
columns are read from `schema.sql`, no database is opened.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import TYPE_CHECKING

import dagster as dg
from cronsim import CronSim

from digest_pipeline.storage.warehouse import schema_versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest_pipeline.settings import Settings

TABLES = {"commits": "commits", "analyses": "analyses", "reports": "days"}
"""Station: the table of people in which its rows are."""
_BASE = {"commits": "commit_rows"}
"""A view of people: the table of the schema `pipeline` whose rows it shows."""
DEADLINE = 8
"""O'clock: when people come to work, the page of yesterday is there."""
_DAY = dt.timedelta(days=1)
_DST = dt.timedelta(hours=1)


def shown_by(settings: Settings) -> Callable[[dg.AssetSpec], dg.AssetSpec]:
    """A function that puts onto an asset what is shown of it."""
    policy = freshness_of(settings)

    def show(spec: dg.AssetSpec) -> dg.AssetSpec:
        station = spec.key.path[-1]
        table = TABLES.get(station)
        if table:
            place = {
                "dagster/table_name": f"{settings.published_path.stem}.main.{table}",
                "dagster/column_schema": table_schema(table),
                "dagster/uri": str(settings.published_path),
            }
            spec = spec.merge_attributes(metadata=place)
        if policy and station in ("reports", "daily"):
            spec = spec.replace_attributes(freshness_policy=policy)
        return spec

    return show


def freshness_of(settings: Settings) -> dg.FreshnessPolicy | None:
    """Made since the last tick of the schedule before eight in the morning, in the settings' time zone.

    None for a schedule that lets a day pass. An hour more for the day on which clocks are set back.
    """
    # Any 31 days without a change of clocks have every kind of day that a cron line can name.
    mornings = [dt.datetime(2026, 1, day, DEADLINE, tzinfo=dt.UTC) for day in range(1, 32)]
    waits = [morning - next(CronSim(settings.schedule, morning, reverse=True)) for morning in mornings]
    if max(waits) > _DAY:
        return None
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"0 {DEADLINE} * * *",
        lower_bound_delta=min(max(waits) + _DST, _DAY),
        timezone=settings.timezone,
    )


@functools.cache
def table_schema(table: str) -> dg.TableSchema:
    """Name, type and meaning of each column of a table or view of people, in its order.

    Raises KeyError for one without comments.
    """
    scripts, views = schema_versions()
    types = _types("".join(scripts), _BASE.get(table, table))
    comments = re.findall(rf"^COMMENT ON COLUMN {table}\.(\w+) IS '((?:[^']|'')*)';", views, re.MULTILINE)
    if not comments:
        raise KeyError(table)
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                types[name].removesuffix(" NOT NULL"),
                description=text.replace("''", "'"),
                constraints=dg.TableColumnConstraints(nullable=not types[name].endswith(" NOT NULL")),
            )
            for name, text in comments
        ]
    )


def _types(scripts: str, table: str) -> dict[str, str]:
    """The type of each column with its `NOT NULL`, of `CREATE TABLE` and of what was added later."""
    named = rf"(?:pipeline\.)?{table}"
    (body,) = re.findall(rf"^CREATE TABLE {named} \(\n(.*?)\n\);", scripts, re.MULTILINE | re.DOTALL)
    added = re.findall(rf"^ALTER TABLE {named} ADD COLUMN (\w+) (.*);", scripts, re.MULTILINE)
    return dict([*re.findall(r'^  "?(\w+)"? (.*?),?$', body, re.MULTILINE), *added])

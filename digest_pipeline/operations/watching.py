"""The sensor that looks at the runs that ended, and has people told of what failed in them.

It is there only when addresses are set (`notices`); without one Dagster has nothing to evaluate. The
cursor keeps how far it has looked and what was told today, so nothing is told twice, and what ended
long before the daemon came back is not told at all.
"""

# No `from __future__ import annotations`: Dagster reads the types of sensors from their annotations.

import dataclasses
import datetime as dt
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.events import JobFailureData

from digest_pipeline.operations.notices import Cause, Message, addresses, messages, page_message, send, unsaid
from digest_pipeline.operations.underway import PARTITION, RANGE_END, RANGE_START
from digest_pipeline.settings import Settings

INTERVAL_SECONDS = 60
OLDEST_SECONDS = 24 * 3600
"""A run that ended earlier is no news: after days without the daemon there is no flood."""
MOST_RUNS = 100
"""Runs of one look; the next look goes on after them."""
TRIES = 10
"""Looks at the same runs while no service takes a message."""
ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS]
EVENTS = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """The cursor: how far the sensor has looked, and what it has told."""

    until: float
    """Seconds since 1970; runs that changed later are looked at."""
    said: Mapping[str, str]
    """Fingerprint of a cause or name of a page: the day on which it was told."""
    tries: int = 0

    @staticmethod
    def of(cursor: str | None, now: float) -> "Seen":
        """The cursor of before; at first everything until `now` counts as seen."""
        if not cursor:
            return Seen(until=now, said={})
        return Seen(**json.loads(cursor))

    def text(self, today: dt.date) -> str:
        """The cursor to keep: of what was said only today's."""
        said = {key: day for key, day in self.said.items() if day == today.isoformat()}
        return json.dumps({"until": self.until, "said": said, "tries": self.tries})


def notices_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> list[dg.SensorDefinition]:
    """The sensor `notices`; none when there is nobody to tell."""
    urls = addresses(environ)
    if not urls:
        return []

    @dg.sensor(
        name="notices",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people what failed, a message a day for each cause.",
    )
    def notices(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = time.time()
        today = dt.datetime.fromtimestamp(now, ZoneInfo(settings.timezone)).date()
        before = Seen.of(context.cursor, now)
        after, told, problems = look(context.instance, settings, before, urls, now=now, today=today)
        for problem in problems:
            context.log.warning(problem)
        return dg.SensorResult(skip_reason=f"{told} messages sent", cursor=after.text(today))

    return [notices]


def look(  # noqa: PLR0913 - what the sensor hands over
    instance: dg.DagsterInstance,
    settings: Settings,
    before: Seen,
    urls: Sequence[str],
    *,
    now: float,
    today: dt.date,
) -> tuple[Seen, int, list[str]]:
    """Tell of the runs that ended since; what is seen now, how many messages went out, what went wrong.

    When no service takes a message, the same runs are looked at again, at most `TRIES` times.
    """
    since = max(before.until, now - OLDEST_SECONDS)
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=dt.datetime.fromtimestamp(since, dt.UTC)),
        limit=MOST_RUNS,
        order_by="update_timestamp",
        ascending=True,
    )
    news: list[tuple[Message, list[str]]] = []
    causes = [cause for record in records for cause in causes_of(instance, record.dagster_run, settings)]
    news += messages(unsaid(causes, before.said, today), ui_url(settings))
    news += _pages(instance, settings, [r.dagster_run for r in records], before.said, today)
    said, problems, sent = dict(before.said), [], 0
    for message, keys in news:
        taken, wrong = send(urls, message)
        problems += [line for line in wrong if line not in problems]
        if taken:
            sent += 1
            said |= dict.fromkeys(keys, today.isoformat())
    if news and not sent and before.tries + 1 < TRIES:
        return dataclasses.replace(before, tries=before.tries + 1), sent, problems
    until = max([before.until, *(r.update_timestamp.timestamp() for r in records)])
    return Seen(until, said), sent, problems


def causes_of(instance: dg.DagsterInstance, run: dg.DagsterRun, settings: Settings) -> Iterator[Cause]:
    """What failed in a run: steps, or the run as a whole, and checks."""
    names = {repository.slug: repository.name for repository in settings.repository_values()}
    days = days_text(run)
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=EVENTS)]
    steps = [event for event in events if event and event.is_step_failure]
    for step, line in step_failures(steps):
        slug = step.rpartition("__")[0]
        yield Cause(names.get(slug, step), step, line, days, run.run_id)
    for event in events:
        if event is None:
            continue
        if event.event_type == dg.DagsterEventType.RUN_FAILURE and not steps:
            data = event.event_specific_data  # what another process reports has none
            error = data.error if isinstance(data, JobFailureData) else None
            text = f"{event.message or ''} {error.message if error else ''}"
            yield Cause("a run", "run", " ".join(text.split()), days, run.run_id)
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            result = event.asset_check_evaluation_data
            if not result.passed:
                subject = names.get(result.asset_key.path[0], result.asset_key.to_user_string())
                text = f"{result.check_name}: {result.description or 'does not hold'}"
                warning = result.severity == dg.AssetCheckSeverity.WARN
                place = f"{result.asset_key.to_user_string()} {result.check_name}"
                yield Cause(subject, place, text, days, run.run_id, warning)


def step_failures(events: Sequence[dg.DagsterEvent]) -> Iterator[tuple[str, str]]:
    """The step and a line for each thing that failed, of events that are step failures."""
    for event in events:
        data, step = event.step_failure_data, event.step_key or ""
        if data.user_failure_data and data.user_failure_data.description:
            for line in data.user_failure_data.description.splitlines():
                yield step, line
        elif data.error:
            cause = data.error.cause or data.error
            yield step, " ".join(f"{step}: {cause.message}".split())


def days_text(run: dg.DagsterRun) -> str:
    """`2026-02-16` or `2026-02-16 to 2026-02-18`; empty when the tags do not say."""
    first = run.tags.get(RANGE_START) or run.tags.get(PARTITION) or ""
    last = run.tags.get(RANGE_END) or first
    return first if first == last else f"{first} to {last}"


def ui_url(settings: Settings) -> str:
    """The address of the web interface: of the settings, else where `digest ui` listens."""
    return settings.ui_url or os.environ.get("DIGEST_UI_URL") or "http://127.0.0.1:3000"


def _pages(
    instance: dg.DagsterInstance,
    settings: Settings,
    runs: Sequence[dg.DagsterRun],
    said: Mapping[str, str],
    today: dt.date,
) -> list[tuple[Message, list[str]]]:
    """The page of yesterday, when people want it and one of these runs has made it."""
    yesterday = (today - dt.timedelta(days=1)).isoformat()
    key = f"page {yesterday}"
    if settings.notify != "daily" or key in said:
        return []
    for run in runs:
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
            event = entry.dagster_event
            if event and event.asset_key == dg.AssetKey("daily") and event.partition == yesterday:
                page = settings.reports_dir / "daily" / f"{yesterday}.md"
                if not page.exists():
                    return []
                text = page.read_text(encoding="utf-8")
                return [(page_message(dt.date.fromisoformat(yesterday), text), [key])]
    return []

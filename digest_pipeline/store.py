"""What the stations keep and read back.

Every method is one short transaction under the queue (`warehouse`); replacing the rows of a (repository,
day) again gives the same rows. What callers hand over as an iterable is drawn before the queue is
entered, so slow work may happen in it. Commits that a rewritten history dropped are kept, marked, and
in no answer. The SQL is in `index`, `slices` and `lookups`, the tables are in `schema.sql`.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from digest_pipeline.models import Analysis, Commit, StoreError
from digest_pipeline.storage import fields, index, lookups, rows, slices
from digest_pipeline.storage.publish import publish_copy
from digest_pipeline.storage.spool import Spool
from digest_pipeline.storage.warehouse import Warehouse, read_published

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from digest_pipeline.models import DayRecord, DayTotals, Landing, ModelCall, ThreadLink, Triage

_Dated = TypeVar("_Dated", Commit, Analysis)


Told = tuple[tuple[str, tuple[str, ...]], ...]
"""Sentences on a day, each with the SHAs of the commits that it rests on."""


class Store:
    """The warehouse of the pipeline and the copy that it publishes; made without touching a file.

    Any method raises StoreError: the queue lasted longer than `wait_seconds`, somebody has the file
    open, the disk is full, the file is damaged or newer than this program.
    """

    def __init__(self, warehouse: Path, published: Path, *, wait_seconds: float = 600) -> None:
        self._warehouse = Warehouse(warehouse, published, wait_seconds)
        self._published = published

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make all calls within one transaction: reads see the same moment, writes happen all or none.

        Everybody else waits meanwhile, so nothing slow belongs in it.
        """
        with self._warehouse.transaction():
            yield

    # --- station 2: the commit index -------------------------------------------------------------

    def tip(self, repo: str) -> tuple[str, int] | None:
        """SHA of the branch at the last index update and the moment of its fetch; None before the first."""
        with self._warehouse.transaction() as db:
            return index.tip(db, repo)

    def last_landing(
        self, repo: str, gone: Sequence[str] = (), back: Sequence[str] = ()
    ) -> tuple[int, int] | None:
        """When the last mainline commit landed, and the highest position given; None for an empty index.

        `gone` are SHAs that the branch does not contain any more although the index still says so, `back`
        those that it contains again.
        """
        with self._warehouse.transaction() as db:
            return index.last_landing(db, repo, gone, back)

    def extend_index(  # noqa: PLR0913, PLR0917 - what has changed has three parts
        self,
        repo: str,
        tip: str,
        fetched_at: int,
        landings: Iterable[Landing],
        gone: Iterable[str],
        back: Iterable[str] = (),
    ) -> None:
        """Add commits to the index; SHAs that it knows keep their landing and count as reachable again.

        `gone` are the SHAs that the branch does not contain any more: marked, never deleted; `back` those
        that it contains again.
        """
        with (
            self._spool(fields.LANDING, map(rows.landing_record, landings)) as landed,
            self._spool(fields.SHA, ({"sha": sha} for sha in gone)) as lost,
            self._spool(fields.SHA, ({"sha": sha} for sha in back)) as found,
            self._warehouse.transaction() as db,
        ):
            landed.fill(db, "staged_landings", kind="VIEW")  # the first time, it may be a million
            lost.fill(db, "staged_gone")
            found.fill(db, "staged_back")
            if index.extend(db, repo, tip, fetched_at):
                slices.link_reverts(db, repo)

    def known(self, repo: str, shas: Sequence[str]) -> dict[str, bool]:
        """Those of the SHAs that the index has, and whether the branch contained them at its last update."""
        with self._warehouse.transaction() as db:
            return index.known(db, repo, shas)

    def landings(
        self, repo: str, start: int, end: int, *, by: Literal["landed", "committed"] = "landed"
    ) -> list[Landing]:
        """The reachable commits with start <= moment < end, in the order of landing."""
        with self._warehouse.transaction() as db:
            return index.landings(db, repo, start, end, by_landed=by == "landed")

    # --- station 2: commits ----------------------------------------------------------------------

    def replace_commits(
        self, repo: str, days: Sequence[dt.date], commits: Iterable[Commit]
    ) -> dict[dt.date, int]:
        """Replace the commits of all `days` in one transaction; the number of rows of each day.

        The commits come in the order of landing and must belong to the repository and the days. What
        station 3 said of a commit stays with it.
        """
        records = map(rows.commit_record, _checked(commits, repo, days), itertools.count())
        with self._spool(fields.COMMIT, records) as staged, self._warehouse.transaction() as db:
            staged.fill(db, "staged_commits")
            return slices.replace_commits(db, repo, days)

    def commits(self, repo: str, first: dt.date, last: dt.date) -> list[Commit]:
        """The commits of the days `first` to `last` with their files, oldest landing first."""
        with self._warehouse.transaction() as db:
            return slices.commits(db, repo, first, last)

    def stored_shas(self, repo: str, first: dt.date, last: dt.date) -> list[str]:
        """The SHAs of the commits of the days `first` to `last`, once for each row, oldest landing first."""
        with self._warehouse.transaction() as db:
            return slices.stored_shas(db, repo, first, last)

    def stored_days(self, repo: str, shas: Sequence[str]) -> set[dt.date]:
        """The days on which commits with these SHAs are stored, reachable or not."""
        with self._warehouse.transaction() as db:
            return slices.stored_days(db, repo, shas)

    # --- station 3 -------------------------------------------------------------------------------

    def replace_analyses(
        self,
        repo: str,
        days: Sequence[dt.date],
        triages: Iterable[Triage],
        analyses: Iterable[Analysis],
    ) -> None:
        """Replace the triages and analyses of all `days` in one transaction.

        A triage belongs to the day of its commit; one whose commit is not stored in `days` is refused.
        """
        with (
            self._spool(fields.TRIAGE, map(rows.triage_record, triages)) as staged_triages,
            self._spool(
                fields.ANALYSIS, map(rows.analysis_record, _checked(analyses, repo, days))
            ) as staged_analyses,
            self._warehouse.transaction() as db,
        ):
            staged_triages.fill(db, "staged_triages")
            staged_analyses.fill(db, "staged_analyses")
            slices.replace_analyses(db, repo, days)

    def replace_highlights(self, repo: str, days: Sequence[dt.date], told: Mapping[dt.date, Told]) -> None:
        """Replace what a model says of all `days` as a whole; a day that `told` lacks has nothing."""
        records = [
            {"day": day.isoformat(), "position": position, "sentence": sentence, "shas": list(shas)}
            for day, sentences in told.items()
            for position, (sentence, shas) in enumerate(sentences)
        ]
        with self._spool(fields.HIGHLIGHT, records) as staged, self._warehouse.transaction() as db:
            staged.fill(db, "staged_highlights")
            slices.replace_highlights(db, repo, days)

    def highlights(self, repo: str, first: dt.date, last: dt.date) -> dict[dt.date, Told]:
        """What a model says of the days `first` to `last` as a whole, in the order of the page."""
        with self._warehouse.transaction() as db:
            return slices.highlights(db, repo, first, last)

    def triages(self, repo: str, first: dt.date, last: dt.date) -> dict[str, Triage]:
        """The triages of the days `first` to `last` by SHA, oldest landing first."""
        with self._warehouse.transaction() as db:
            return slices.triages(db, repo, first, last)

    def analyses(self, repo: str, first: dt.date, last: dt.date) -> dict[str, Analysis]:
        """The analyses of the days `first` to `last` by SHA, of commits that are still reachable."""
        with self._warehouse.transaction() as db:
            return slices.analyses(db, repo, first, last)

    def find_originals(
        self,
        repo: str,
        *,
        shas: Sequence[str],
        pr_numbers: Sequence[int],
        subjects: Sequence[str],
        before: int,
    ) -> dict[str | int, str]:
        """Full SHAs of what a message names: by SHA or its beginning, pull request number, exact subject.

        Only what landed before the moment `before`, the newest of several; the beginning of a SHA has
        4 digits at least and must fit one commit only. What is not found is absent.
        """
        with self._warehouse.transaction() as db:
            return lookups.find_originals(db, repo, shas, pr_numbers, subjects, before)

    def naming(self, repo: str, after: dt.date, numbers: Sequence[int]) -> list[tuple[Commit, Triage]]:
        """The judged commits of later days that may mean one of these pull requests, or a subject.

        Without their files, oldest landing first. What they mean is for the rules to read.
        """
        with self._warehouse.transaction() as db:
            return lookups.naming(db, repo, after, numbers)

    def replace_references(self, repo: str, triages: Iterable[Triage]) -> None:
        """Replace what stored triages say of earlier commits: `reverts`, `relands`, `follows`."""
        with (
            self._spool(fields.TRIAGE, map(rows.triage_record, triages)) as staged,
            self._warehouse.transaction() as db,
        ):
            staged.fill(db, "staged_triages")
            slices.replace_references(db, repo)

    # --- station 4 -------------------------------------------------------------------------------

    def replace_days(self, records: Iterable[DayRecord]) -> None:
        """Replace the records of the repositories and days that are given, all in one transaction."""
        with (
            self._spool(fields.DAY, map(rows.day_record, records)) as staged,
            self._warehouse.transaction() as db,
        ):
            staged.fill(db, "staged_days")
            slices.replace_days(db)

    def days(self, repo: str, first: dt.date, last: dt.date) -> dict[dt.date, DayRecord]:
        """The records of the days `first` to `last`, ascending; a day never digested is absent."""
        with self._warehouse.transaction() as db:
            return slices.days(db, repo, first, last)

    def mark_days(self, repo: str, days: Iterable[dt.date], reason: str) -> list[dt.date]:
        """Make finished days (complete, quiet) partial, for `reason`; the days that changed, ascending."""
        named = list(days)
        with self._warehouse.transaction() as db:
            return slices.mark_days(db, repo, named, reason)

    def threads(self, repo: str, first: dt.date, last: dt.date) -> list[ThreadLink]:
        """What belongs with the commits of the days `first` to `last`, on any day, oldest landing first.

        Then, for chains of reverts that leave these days, what belongs with their other commits.
        """
        with self._warehouse.transaction() as db:
            return lookups.threads(db, repo, first, last)

    def totals(self, repo: str, first: dt.date, last: dt.date) -> list[DayTotals]:
        """The sums (non-merge commits) of each day that has a record, ascending."""
        with self._warehouse.transaction() as db:
            return lookups.totals(db, repo, first, last)

    def first_commits(self, repo: str, first: dt.date, last: dt.date) -> set[str]:
        """SHAs of commits of the days `first` to `last` that are their author's first in the whole index."""
        with self._warehouse.transaction() as db:
            return lookups.first_commits(db, repo, first, last)

    def replace_model_calls(self, calls: Iterable[ModelCall]) -> None:
        """Replace all calls of the answer keys that are given; each key comes with all of its calls."""
        with (
            self._spool(fields.CALL, map(rows.call_record, calls)) as staged,
            self._warehouse.transaction() as db,
        ):
            staged.fill(db, "staged_calls")
            slices.replace_model_calls(db)

    # --- people ----------------------------------------------------------------------------------

    def publish(self) -> bool:
        """Replace the published copy by the warehouse of this moment; False if nothing had changed."""
        with self._warehouse.at_rest() as source:
            return publish_copy(source, self._published)

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a person's SQL on the published copy, read-only: column names and rows."""
        return read_published(self._published, sql)

    def frame(self, sql: str) -> pd.DataFrame:
        """The same for notebooks: a DataFrame with the exact values, dates and NULLs of the database."""
        import pandas as pd  # noqa: PLC0415 - costs half a second, and only people's questions need it

        columns, found = self.query(sql)
        return pd.DataFrame(found, columns=columns, dtype=object)

    def _spool(self, fields: Mapping[str, str], records: Iterable[Mapping[str, object]]) -> Spool:
        return Spool(self._warehouse.path.parent, fields, records)


def _checked(values: Iterable[_Dated], repo: str, days: Collection[dt.date]) -> Iterator[_Dated]:
    """The values; one of another repository or day would be there twice after the next run."""
    expected = set(days)
    for value in values:
        if value.repo != repo or value.day not in expected:
            raise StoreError(
                f"{repo}: commit {value.sha} of {value.repo} on {value.day} is not of these days"
            )
        yield value

"""The values that pass between the stations: frozen, typed, and free of any library.

Moments end in `_at` and are whole seconds since 1970-01-01 UTC (they survive years that `datetime`
refuses). A day is a `datetime.date` of the settings' time zone. No input or output happens here.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
from typing import NamedTuple
from zoneinfo import ZoneInfo


class DigestError(Exception):
    """What went wrong, in one line for a person: subject, what failed, the value, what to do.

    DigestError
    ├── SettingsError      the settings, the command line or the environment are wrong: change them
    ├── CloneError         this repository cannot be fetched or read
    │   ├── TransientCloneError   network, time-out, a busy lock: the next run may succeed
    │   └── TerminalCloneError    wrong address, branch, credentials: somebody has to change something
    ├── StoreError         the database cannot be opened, waited for, or is newer than this program
    └── ModelError         a language model did not answer (see `llm`)
    """


class SettingsError(DigestError):
    """The settings, the command line or the environment are wrong; trying again does not help."""


class CloneError(DigestError):
    """One repository cannot be fetched or read; the others are not concerned."""


class TransientCloneError(CloneError):
    """The next run may succeed: network, time-out, a lock that another process holds."""


class TerminalCloneError(CloneError):
    """Somebody has to change something first: address, branch or credentials."""


class StoreError(DigestError):
    """A database cannot be opened, waited for, or is newer than this program."""


class ModelError(DigestError):
    """A language model did not give a usable answer."""


class Tier(enum.StrEnum):
    """How important a commit is for a reader of the digest (rubric: docs/importance.md)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ChangeType(enum.StrEnum):
    """What kind of change a commit is: one list for all tiers."""

    FEATURE = "feature"
    FIX = "fix"
    PERF = "perf"
    REFACTOR = "refactor"
    DOCS = "docs"
    TEST = "test"
    BUILD = "build"
    CI = "ci"
    CONFIG = "config"
    SECURITY = "security"
    REVERT = "revert"
    RELEASE = "release"
    CHORE = "chore"


class DayState(enum.StrEnum):
    """What is known of one repository and day.

    complete: every commit of the day is stored and analysed. quiet: complete, and there was none.
    partial: something is missing or came late, `reason` says what; the next run tries again.
    open: the day is not over yet.
    """

    COMPLETE = "complete"
    QUIET = "quiet"
    PARTIAL = "partial"
    OPEN = "open"


class FileKind(enum.StrEnum):
    """What a file is for, by its path and `.gitattributes`."""

    SOURCE = "source"
    TEST = "test"
    DOCS = "docs"
    CI = "ci"
    CONFIG = "config"
    BUILD = "build"
    GENERATED = "generated"
    VENDORED = "vendored"
    LOCK = "lock"
    DATA = "data"


class AnalysisState(enum.StrEnum):
    """Whether the asked analysis is there; `reason` says why not.

    ok: as asked. pending: the rules' analysis stands in and the next run asks again.
    refused: the model will not answer this input, the rules' analysis stays.
    """

    OK = "ok"
    PENDING = "pending"
    REFUSED = "refused"


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """One repository of the settings."""

    name: str
    """`owner/name`: the key of assets, rows and report paths."""
    url: str
    """Anything that git can clone, also an absolute local path."""
    branch: str | None = None
    """The tracked branch; None for the remote's HEAD."""
    token_env: str | None = None
    """Name of the environment variable that holds the access token, never the token."""
    exclude: tuple[str, ...] = ()
    """Globs of paths that count for nothing."""
    areas: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(area, globs), in the order of the settings."""
    commit_url: str | None = None
    """Pattern with `{sha}` for hosts that are not known by their address."""
    pr_url: str | None = None
    """Pattern with `{number}`, likewise."""

    @property
    def slug(self) -> str:
        """The name as Dagster's asset keys and groups allow it: `owner__name`, other marks as `_`."""
        return "".join(c if c.isascii() and c.isalnum() else "_" for c in self.name.replace("/", "__"))


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Window:
    """One calendar day of a time zone as a half-open range of moments: start <= moment < end."""

    day: dt.date
    start: int
    end: int

    def __contains__(self, moment: int) -> bool:
        return self.start <= moment < self.end


@functools.lru_cache(4096)  # asked three times for every commit of a history
def day_start(day: dt.date, zone: str) -> int:
    """The first moment of a local calendar day (days have 21 to 27 hours, two have none)."""
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def window_of(day: dt.date, zone: str) -> Window:
    """The half-open window of a local calendar day."""
    return Window(day, day_start(day, zone), day_start(day + dt.timedelta(days=1), zone))


def day_of(moment: int, zone: str) -> dt.date:
    """The day whose window contains a moment; moments that `datetime` refuses count as the nearest day.

    Zones that put the clock back across midnight show a date twice, so the date on the wall is only
    a first guess and the windows decide.
    """
    clamped = min(max(moment, -62_000_000_000), 253_000_000_000)
    day = dt.datetime.fromtimestamp(clamped, ZoneInfo(zone)).date() + dt.timedelta(days=1)
    while day_start(day, zone) > clamped:
        day -= dt.timedelta(days=1)
    return day


class FileChange(NamedTuple):
    """One row of a commit's diff against its first parent, equal to `git log --raw --numstat -M`."""

    path: str
    old_path: str | None
    """Only for renames."""
    status: str
    """A, M, D, R or T (the type changed: file, link, submodule)."""
    insertions: int | None
    """None for binary files and for contents that are missing."""
    deletions: int | None
    is_binary: bool
    kind: FileKind

    @property
    def lines(self) -> int:
        """Lines added and removed; 0 where they are not known."""
        return (self.insertions or 0) + (self.deletions or 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Commit:
    """One commit on the day on which it landed on the tracked branch."""

    repo: str
    sha: str
    day: dt.date
    landed_at: int
    committed_at: int
    authored_at: int
    author_name: str
    author_email: str
    committer_name: str
    subject: str
    body: str
    """The message without the subject, trimmed."""
    pr_number: int | None
    is_merge: bool
    landed_by: str
    """SHA of the mainline commit that brought it in; its own on the mainline."""
    files: tuple[FileChange, ...]

    @property
    def insertions(self) -> int:
        """Lines added over all text files."""
        return sum(f.insertions or 0 for f in self.files)

    @property
    def deletions(self) -> int:
        """Lines removed over all text files."""
        return sum(f.deletions or 0 for f in self.files)


@dataclasses.dataclass(frozen=True, slots=True)
class FileText:
    """The two versions of a changed file, as far as the budget allowed to read them."""

    change: FileChange
    old: bytes | None
    """None where there is no old version or it was not read (binary, too large, skipped kind)."""
    new: bytes | None
    patch: str
    """Unified diff hunks without file headers, `@@` lines included; empty when not read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """One named part of an importance score."""

    code: str
    """A key of the label catalogues (`reason.<code>`), for example `public_name_added`."""
    points: float
    count: int | None = None
    """How many (names, files, lines), where that is what was counted."""

    def __str__(self) -> str:
        times = f" ×{self.count}" if self.count is not None else ""
        return f"{self.code}{times} {self.points:+g}"


@dataclasses.dataclass(frozen=True, slots=True)
class Triage:
    """What rules say of a commit before anybody writes a sentence about it."""

    sha: str
    change_type: ChangeType
    area: str
    importance: Tier
    score: float
    reasons: tuple[Reason, ...]
    """By falling weight."""
    reverts: str | None = None
    """SHA of the original when it is known, else what the message names (`#123` or the quoted subject)."""
    series: str | None = None
    """`n/N` or `n/` of a `[n/N]` series."""
    relands: str | None = None
    """SHA of the commit that this one brings back after it was reverted, when it is known."""
    follows: tuple[str, ...] = ()
    """SHAs of earlier commits that the message names as what it goes on from or mends."""


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """A statement with its ground: the file and the verbatim quote that prove it, where there is one."""

    text: str
    file: str | None = None
    quote: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Insights:
    """Technical insight; a field that the diff gives no ground for is None."""

    architecture: str | None = None
    performance: str | None = None
    security: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Analysis:
    """What a reader is told about one commit, by rules or by a model."""

    repo: str
    sha: str
    day: dt.date
    tier: Tier
    source: str
    """`rules`, or the model that answered."""
    state: AnalysisState
    reason: str | None
    """Why `state` is not ok, from a fixed list of words; also why a model moved the tier."""
    change_type: ChangeType
    summary: str
    scope: tuple[str, ...]
    """Paths, folded to their common parts."""
    behaviour: tuple[str, ...] = ()
    """Changes of behaviour and interface, one sentence each."""
    insights: Insights = Insights()
    risks: tuple[Claim, ...] = ()
    advice: tuple[str, ...] = ()
    unverified: int = 0
    """How many named things stand nowhere in the commit."""
    coverage: float = 1.0
    """Share of the changed lines that the analysis has seen."""
    answer_key: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class DayRecord:
    """One repository and day in the `days` table."""

    repo: str
    day: dt.date
    state: DayState
    reason: str | None
    commits: int
    """Non-merge commits, as in the statistics line."""
    high: int
    medium: int
    low: int
    analysed: int
    pending: int
    cost_usd: float | None
    head_sha: str | None
    materialized_at: int | None
    report_path: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What the commit index needs to know of a commit: no tree and no message is read for it."""

    sha: str
    parents: tuple[str, ...]
    committed_at: int
    author_email: str


@dataclasses.dataclass(frozen=True, slots=True)
class Landing:
    """One commit of the index: when, and by which mainline commit, it landed on the tracked branch."""

    sha: str
    parents: tuple[str, ...]
    committed_at: int
    author_email: str
    landed_by: str
    landed_at: int
    position: int
    """Order of landing: rises along the mainline, and within one landing from the oldest commit up."""
    landed_with: int
    """How many commits the same mainline commit landed, itself included."""


@dataclasses.dataclass(frozen=True, slots=True)
class ThreadLink:
    """A commit of the day and one that belongs with it, on the same day or another."""

    sha: str
    relation: str
    """`reverts`, `relands`, `follows`, each with its other side `reverted_by`, `relanded_by`, `followed_by`;
    or `series` (the same `[n/N]` series)."""
    other_sha: str
    other_day: dt.date
    other_landed_at: int
    other_subject: str
    other_pr_number: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class DayTotals:
    """The sums of one repository and day, for the comparison with usual."""

    day: dt.date
    commits: int
    insertions: int
    deletions: int
    authors: int
    high: int


@dataclasses.dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model, answered or not, as it is billed."""

    answer_key: str
    model: str
    called_at: int
    latency_ms: int
    status: str
    """`ok`, or the class of the failure."""
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    """None where no price is known."""

"""The ledger of what was asked of models: each answer, and each call with its price.

The only user of sqlite3. A call is written before it is made, with what it may cost at most, and an
answer the moment it arrives, by the thread that received it; a process that is killed right after loses
nothing. The text of an answer is kept as it came: what is made of it (parsing, checks) is computed again
each time, so that better checks cost no new call. Nothing here decides what to ask.

The file belongs on a local disk (write-ahead logging needs shared memory).
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import enum
import sqlite3
import threading
from typing import TYPE_CHECKING

from digest_pipeline.models import ModelCall, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 1
"""`user_version` of the file."""

_TABLES = """
CREATE TABLE answers (
    key TEXT PRIMARY KEY, state TEXT NOT NULL, model TEXT NOT NULL, text TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cost_usd REAL, latency_ms INTEGER NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, runs INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, model TEXT NOT NULL, called_at INTEGER NOT NULL,
    latency_ms INTEGER NOT NULL, status TEXT NOT NULL, tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL, cost_usd REAL
);
CREATE INDEX calls_by_time ON calls (called_at);
"""


class AnswerState(enum.StrEnum):
    """What is known of a key."""

    ARRIVED = "arrived"
    """The model's text is here; whether it can be used shows when it is read."""
    BAD_ANSWER = "bad_answer"
    """No text of this question could be used; `runs` counts in how many runs."""
    REFUSED = "refused"
    BAD_INPUT = "bad_input"
    TOO_LONG = "too_long"


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to one question."""

    key: str
    state: AnswerState
    model: str
    text: str = ""
    """As it came, of an `arrived` answer; empty otherwise."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    latency_ms: int = 0
    runs: int = 0
    """In how many runs the question ended as `bad_answer`; kept by the ledger."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spent:
    """Sums over calls; those under way count with what they may cost at most."""

    calls: int = 0
    tokens: int = 0
    cost_usd: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Cap:
    """The most that the calls of start <= called_at < end may cost; None: no limit."""

    start: int
    end: int
    cost_usd: float | None = None
    tokens: int | None = None


@dataclasses.dataclass(eq=False)
class _Settled:
    """A call that is over and waits to be written."""

    call: int
    status: str
    done: Answer
    now: int
    written: bool = False


_NUMBERS = ("tokens_in", "tokens_out", "cost_usd", "latency_ms", "runs")


class Answers:
    """The ledger in one file, made when it is missing; safe to use from many threads and processes.

    Every method raises StoreError when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._settled: collections.deque[_Settled] = collections.deque()
        self._holders, self._closing = 0, False
        with self._errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._make_tables()
            except BaseException:
                self._db.close()
                raise

    def get(self, key: str) -> Answer | None:
        """The answer under a key, if there is one."""
        with self._errors():
            row = self._db.execute("SELECT * FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        values = {name: row[name] for name in ("key", "model", "text", *_NUMBERS)}
        return Answer(state=AnswerState(row["state"]), **values)

    def put(self, answer: Answer, now: int) -> None:
        """Keep an answer, in place of what the key had; `runs` and the first moment add up."""
        with self._errors():
            self._db.execute("PRAGMA synchronous = FULL")
            self._put(answer, now)

    def reserve(self, call: ModelCall, cap: Cap) -> int | None:
        """Write down a call that is about to be made, with the most that it may cost.

        Returns its number, or None when the cap does not allow it; two processes cannot both get the
        last of a cap.
        """
        with self._errors():
            # A reservation has to survive this process, not a power cut: no wait for the disk.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("BEGIN IMMEDIATE")
            spent = self._spent(cap.start, cap.end)
            too_dear = cap.cost_usd is not None and spent.cost_usd + (call.cost_usd or 0.0) > cap.cost_usd
            if too_dear or (
                cap.tokens is not None and spent.tokens + call.tokens_in + call.tokens_out > cap.tokens
            ):
                self._db.execute("ROLLBACK")
                return None
            cursor = self._db.execute(
                "INSERT INTO calls"
                " (key, model, called_at, latency_ms, status, tokens_in, tokens_out, cost_usd)"
                " VALUES (:answer_key, :model, :called_at, :latency_ms, :status, :tokens_in, :tokens_out,"
                " :cost_usd)",
                dataclasses.asdict(call),
            )
            self._db.execute("COMMIT")
            return cursor.lastrowid

    def settle(self, call: int, status: str, done: Answer, now: int) -> None:
        """Write down how a reserved call ended, and keep its answer if there is one, in one transaction.

        Threads that come while another writes share one transaction, and so one wait for the disk; each
        returns when its own part is on the disk.
        """
        mine = _Settled(call, status, done, now)
        self._settled.append(mine)
        with self._errors():
            if mine.written:
                return
            batch = [self._settled.popleft() for _ in range(len(self._settled))]
            # A batch that failed in another thread is not in the line any more.
            batch += [] if mine in batch else [mine]
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN IMMEDIATE")
            for settled in batch:
                self._settle(settled)
            self._db.execute("COMMIT")
            for settled in batch:
                settled.written = True

    def calls(self, since: int) -> list[ModelCall]:
        """The calls from a moment on, oldest first."""
        with self._errors():
            rows = self._db.execute(
                "SELECT key AS answer_key, model, called_at, latency_ms, status,"
                " tokens_in, tokens_out, cost_usd FROM calls WHERE called_at >= ? ORDER BY called_at, id",
                (since,),
            ).fetchall()
        return [ModelCall(**dict(row)) for row in rows]

    def spent(self, start: int, end: int) -> Spent:
        """What the calls of start <= called_at < end cost; calls without a known price count as 0 USD."""
        with self._errors():
            return self._spent(start, end)

    def hold(self) -> None:
        """Keep the file open until `let_go`, although it is closed in between.

        For a call that nobody waits for any more: what it brings is paid for, and its reservation is more
        than it costs.
        """
        with self._lock:
            self._holders += 1

    def let_go(self) -> None:
        """The end of a `hold`."""
        with self._errors():
            self._holders -= 1
            self._close_unless_held()

    def close(self) -> None:
        """Close the file once nobody holds it; whoever does not must not use the ledger afterwards."""
        with self._errors():
            self._closing = True
            self._close_unless_held()

    def _close_unless_held(self) -> None:
        if self._closing and not self._holders:
            self._db.close()

    def _spent(self, start: int, end: int) -> Spent:
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(tokens_in + tokens_out), 0), coalesce(sum(cost_usd), 0.0)"
            " FROM calls WHERE called_at >= ? AND called_at < ?",
            (start, end),
        ).fetchone()
        return Spent(*row)

    def _settle(self, settled: _Settled) -> None:
        done = settled.done
        self._db.execute(
            "UPDATE calls SET latency_ms = ?, status = ?, tokens_in = ?, tokens_out = ?, cost_usd = ?"
            " WHERE id = ?",
            (done.latency_ms, settled.status, done.tokens_in, done.tokens_out, done.cost_usd, settled.call),
        )
        if done.text:
            self._put(done, settled.now)

    def _put(self, answer: Answer, now: int) -> None:
        self._db.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET state = excluded.state, model = excluded.model,"
            " text = excluded.text, tokens_in = excluded.tokens_in, tokens_out = excluded.tokens_out,"
            " cost_usd = excluded.cost_usd, latency_ms = excluded.latency_ms, last_at = excluded.last_at,"
            " runs = answers.runs + excluded.runs",
            (
                answer.key,
                answer.state,
                answer.model,
                answer.text,
                answer.tokens_in,
                answer.tokens_out,
                answer.cost_usd,
                answer.latency_ms,
                now,
                now,
                int(answer.state is AnswerState.BAD_ANSWER),
            ),
        )

    def _make_tables(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
        if version > VERSION:
            raise StoreError(
                f"{self._path}: the ledger of answers has version {version}, this program knows {VERSION}; "
                "use the newer digest_pipeline"
            )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """One user of the connection at a time, and one line instead of an exception of sqlite3."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                with contextlib.suppress(sqlite3.Error, AttributeError):
                    self._db.execute("ROLLBACK")
                raise StoreError(
                    f"{self._path}: the ledger of answers cannot be used: {error}; "
                    "is the folder on a local disk that can be written and is not full?"
                ) from error

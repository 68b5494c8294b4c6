from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from digest_pipeline.models import (
    Analysis,
    AnalysisState,
    ChangeType,
    Claim,
    Commit,
    FileChange,
    FileKind,
    Insights,
    Reason,
    Tier,
    Triage,
)
from digest_pipeline.storage import fields, rows, slices
from digest_pipeline.storage.spool import Spool
from digest_pipeline.storage.warehouse import migrate, schema_versions
from digest_pipeline_tests.storing import DAY, REPO, commit, sha

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(
    [
        "",
        "\0",
        "a\0b",
        "\ud800",
        "\udcff\\u0000",
        '{"a": 1}',
        "NULL",
        "null",
        "'; DROP TABLE days; --",
        "\u2028\r\n\t",
    ]
)
INTEGER = st.integers(-(2**63), 2**63 - 1)
MOMENT = st.integers(-(2**70), 2**70)
FILE = st.builds(
    FileChange,
    TEXT,
    st.none() | TEXT,
    st.sampled_from("AMDRT"),
    st.none() | st.integers(0, 2**40),
    st.none() | st.integers(0, 2**40),
    st.booleans(),
    st.sampled_from(FileKind),
)
COMMIT = st.builds(
    Commit,
    repo=st.just(REPO),
    sha=st.just(sha(1)),
    day=st.just(DAY),
    landed_at=MOMENT,
    committed_at=MOMENT,
    authored_at=MOMENT,
    author_name=TEXT,
    author_email=TEXT,
    committer_name=TEXT,
    subject=TEXT,
    body=TEXT,
    pr_number=st.none() | INTEGER,
    is_merge=st.booleans(),
    landed_by=TEXT,
    files=st.lists(FILE, max_size=4).map(tuple),
)
REASON = st.builds(
    Reason,
    st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
    st.integers(-400, 400).map(lambda quarters: quarters / 4),
    st.none() | INTEGER,
)
TRIAGE = st.builds(
    Triage,
    sha=st.just(sha(1)),
    change_type=st.sampled_from(ChangeType),
    area=TEXT,
    importance=st.sampled_from(Tier),
    score=st.floats(allow_nan=False, allow_infinity=False),
    reasons=st.lists(REASON, max_size=3).map(tuple),
    reverts=st.none() | TEXT,
    series=st.none() | TEXT,
    relands=st.none() | TEXT,
    follows=st.lists(TEXT, max_size=3).map(tuple),
)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
ANALYSIS = st.builds(
    Analysis,
    repo=st.just(REPO),
    sha=st.just(sha(1)),
    day=st.just(DAY),
    tier=st.sampled_from(Tier),
    source=TEXT,
    state=st.sampled_from(AnalysisState),
    reason=st.none() | TEXT,
    change_type=st.sampled_from(ChangeType),
    summary=TEXT,
    scope=TEXTS,
    behaviour=TEXTS,
    insights=st.builds(Insights, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT),
    risks=st.lists(st.builds(Claim, TEXT, st.none() | TEXT, st.none() | TEXT), max_size=3).map(tuple),
    advice=TEXTS,
    unverified=INTEGER,
    coverage=st.floats(0, 1),
    answer_key=st.none() | TEXT,
)


def stored(value: object) -> object:
    """What the database keeps of a value: text that is UTF-8 without NUL."""
    if type(value) is str:
        return re.sub("[\ud800-\udfff]", "\ufffd", value.replace("\0", ""))
    if isinstance(value, tuple):
        return tuple(map(stored, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{name: stored(getattr(value, name)) for name in names})
    return value


def stored_commit(value: Commit) -> object:
    """Moments outside the years 1 to 9999 become the nearest one inside."""
    first, last = -62_135_596_800, 253_402_300_799
    names = ("landed_at", "committed_at", "authored_at")
    return stored(dataclasses.replace(value, **{n: min(max(getattr(value, n), first), last) for n in names}))


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        migrate(connection, Path("memory"), schema_versions())
        yield connection


@hypothesis_settings(max_examples=15)
@given(st.lists(COMMIT, min_size=1, max_size=6))
def test_any_commit_survives_the_store(
    db: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory, drawn: list[Commit]
) -> None:
    told = [dataclasses.replace(one, sha=sha(number)) for number, one in enumerate(drawn)]
    with Spool(
        tmp_path_factory.getbasetemp(), fields.COMMIT, map(rows.commit_record, told, itertools.count())
    ) as staged:
        staged.fill(db, "staged_commits")
    slices.replace_commits(db, REPO, [DAY])
    found = {one.sha: one for one in slices.commits(db, REPO, DAY, DAY)}
    assert found == {one.sha: stored_commit(one) for one in told}


@hypothesis_settings(max_examples=15)
@given(st.lists(st.tuples(TRIAGE, ANALYSIS), min_size=1, max_size=6))
def test_any_triage_and_analysis_survive_the_store(
    db: duckdb.DuckDBPyConnection,
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[Triage, Analysis]],
) -> None:
    folder = tmp_path_factory.getbasetemp()
    said = [dataclasses.replace(one, sha=sha(number)) for number, (one, _) in enumerate(drawn)]
    told = [dataclasses.replace(one, sha=sha(number)) for number, (_, one) in enumerate(drawn)]
    with (
        Spool(
            folder, fields.COMMIT, [rows.commit_record(commit(n), n) for n in range(len(drawn))]
        ) as commits,
        Spool(folder, fields.TRIAGE, map(rows.triage_record, said)) as triages,
        Spool(folder, fields.ANALYSIS, map(rows.analysis_record, told)) as analyses,
    ):
        commits.fill(db, "staged_commits")
        triages.fill(db, "staged_triages")
        analyses.fill(db, "staged_analyses")
    slices.replace_commits(db, REPO, [DAY])
    slices.replace_analyses(db, REPO, [DAY])
    assert slices.triages(db, REPO, DAY, DAY) == {one.sha: stored(one) for one in said}
    assert slices.analyses(db, REPO, DAY, DAY) == {one.sha: stored(one) for one in told}


@given(REASON)
def test_a_reason_is_read_back_from_its_text(reason: Reason) -> None:
    assert rows.reason_of(str(reason)) == reason


def test_what_is_no_reason_is_an_error() -> None:
    with pytest.raises(ValueError, match="is not the text of a reason"):
        rows.reason_of("just words")


def test_numbers_beyond_64_bits_are_the_nearest_one() -> None:
    assert rows.whole(2**70) == 2**63 - 1
    assert rows.whole(-(2**70)) == -(2**63)
    assert rows.whole(7) == 7


def test_every_record_has_the_fields_that_are_named() -> None:
    assert list(rows.commit_record(commit(), 0)) == list(fields.COMMIT)


def test_a_commit_with_very_many_files_and_a_very_long_message_is_one_record(
    db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    one = commit().files[0]
    files = tuple(one._replace(path=f"vendor/{number:06}.c") for number in range(20_000))
    told = commit(1, files=files, body="Why. " * 600_000)
    with Spool(tmp_path, fields.COMMIT, [rows.commit_record(told, 0)]) as staged:
        staged.fill(db, "staged_commits")
    slices.replace_commits(db, REPO, [DAY])
    assert slices.commits(db, REPO, DAY, DAY) == [told]

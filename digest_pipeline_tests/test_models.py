from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.models import Repository, day_of, day_start, window_of

ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})


def test_day_is_half_open_in_the_zone() -> None:
    window = window_of(dt.date(2026, 2, 18), "Asia/Shanghai")
    assert (window.start, window.end) == (1771344000, 1771430400)
    assert window.start in window
    assert window.end - 1 in window
    assert window.end not in window
    assert window.start - 1 not in window


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-07-01", 24)])
def test_days_have_the_hours_that_the_zone_gives_them(day: str, hours: int) -> None:
    window = window_of(dt.date.fromisoformat(day), "America/New_York")
    assert window.end - window.start == hours * 3600


@given(st.sampled_from(ZONES), st.dates(dt.date(1975, 1, 1), dt.date(2035, 1, 1)))
def test_days_follow_each_other_without_gap_or_overlap(zone: str, day: dt.date) -> None:
    first, second = window_of(day, zone), window_of(day + dt.timedelta(days=1), zone)
    assert first.end == second.start
    assert first.start <= first.end


@given(st.sampled_from(ZONES), st.integers(0, 2_000_000_000))
def test_every_moment_is_in_the_window_of_its_day(zone: str, moment: int) -> None:
    assert moment in window_of(day_of(moment, zone), zone)


@given(st.sampled_from(ZONES), st.dates(dt.date(1975, 1, 1), dt.date(2035, 1, 1)))
def test_the_edges_of_a_day_belong_to_it(zone: str, day: dt.date) -> None:
    window = window_of(day, zone)
    if window.start < window.end:  # Samoa had no 2011-12-30
        assert day_of(window.start, zone) == day
        assert day_of(window.end - 1, zone) == day


def test_a_moment_that_datetime_refuses_still_has_a_day() -> None:
    assert day_of(2**62, "UTC") == day_of(253_000_000_000, "UTC")
    assert day_of(-(2**62), "UTC").year < 100


def test_start_of_a_day_is_an_integer_second() -> None:
    assert day_start(dt.date(1970, 1, 1), "UTC") == 0


def test_slug_is_a_name_that_dagster_allows() -> None:
    assert Repository("sgl-project/sglang", "x").slug == "sgl_project__sglang"

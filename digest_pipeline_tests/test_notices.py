"""What people are told: each cause once a day, in lines that call nobody and show no address."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.operations.notices import (
    LONGEST,
    MOST,
    Cause,
    Message,
    addresses,
    messages,
    page_message,
    send,
    services,
    unsaid,
)
from digest_pipeline_tests.receiver import receiver

TODAY = dt.date(2026, 2, 18)
UI = "http://digest.example:3000"
CAUSE = Cause("octo/one", "octo__one__clones", "octo/one: cannot be fetched", "2026-02-17", "run-1")


def other(**fields: object) -> Cause:
    return dataclasses.replace(CAUSE, **fields)  # pyright: ignore[reportArgumentType] - fields of Cause


def test_the_same_cause_on_other_days_and_runs_is_one_message_that_names_the_days() -> None:
    causes = [CAUSE, other(days="2026-02-18", run_id="run-2"), other(run_id="run-3")]
    ((message, keys),) = messages(unsaid(causes, {}, TODAY), UI)
    assert message.title == "digest: octo/one failed"
    assert message.body.splitlines() == [
        "octo/one: cannot be fetched",
        "days: 2026-02-17, 2026-02-18",
        "step: octo__one__clones",
        f"{UI}/runs/run-1",
    ]
    assert keys == [CAUSE.fingerprint]


def test_dates_numbers_and_shas_make_no_other_cause() -> None:
    lines = ["2026-02-16: 3 of 9 at 0c28969", "2026-02-17: 14 of 99 at 531d06e"]
    assert len({other(text=line).fingerprint for line in lines}) == 1
    assert len({other(text=line).fingerprint for line in ("timeout", "refused")}) == 2
    assert other(subject="octo/two").fingerprint != CAUSE.fingerprint


def test_what_was_told_today_is_not_told_again_and_what_was_told_yesterday_is() -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    assert unsaid([CAUSE], {CAUSE.fingerprint: TODAY.isoformat()}, TODAY) == {}
    assert list(unsaid([CAUSE], {CAUSE.fingerprint: yesterday.isoformat()}, TODAY)) == [CAUSE.fingerprint]


@pytest.mark.parametrize("count", [MOST, MOST + 1, 500])
def test_many_causes_are_a_few_messages_and_one_that_names_the_rest(count: int) -> None:
    causes = [other(subject=f"octo/{chr(0x4E00 + n)}") for n in range(count)]
    told = messages(unsaid(causes, {}, TODAY), UI)
    assert len(told) == min(count, MOST + 1)
    assert sum(len(keys) for _, keys in told) == count
    assert all(len(message.body) < 8000 for message, _ in told)


def test_a_warning_asks_for_a_look() -> None:
    ((message, _),) = messages(unsaid([other(warning=True)], {}, TODAY), UI)
    assert message.title == "digest: octo/one needs a look"


@given(st.text())
def test_text_of_a_remote_stays_one_short_line_that_calls_nobody(text: str) -> None:
    wild = f"@everyone <!channel> {text}"
    ((message, _),) = messages(unsaid([other(text=wild, subject=wild)], {}, TODAY), UI)
    assert len(message.body.splitlines()) == 4
    assert len(message.body.splitlines()[0]) < 2 * LONGEST
    assert "@everyone" not in message.title + message.body
    assert "<!channel>" not in message.title + message.body


def test_the_page_of_a_day_goes_without_links_to_files() -> None:
    page = (
        "# Daily\n\n## [octo/one](../octo/one/a.md)\n\n- x [#2](../o.md#c-1) [PR](https://h.org/2) \\[no\\]\n"
    )
    message = page_message(TODAY, page)
    assert message.title == "digest: 2026-02-18"
    assert message.is_markdown
    assert message.body == "# Daily\n\n## octo/one\n\n- x #2 [PR](https://h.org/2) \\[no\\]\n"


def test_without_the_variable_there_is_nobody_to_tell() -> None:
    assert addresses({}) == []
    assert addresses({"DIGEST_NOTIFY_URLS": " json://a\n json://b "}) == ["json://a", "json://b"]


def test_the_services_people_use_are_known() -> None:
    urls = [
        "mailto://user:password@example.com",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "feishu://token",
        "wecombot://key",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
    ]
    usable, wrong = services(urls)
    assert (len(usable), wrong) == (5, [])


def test_an_address_that_cannot_be_used_is_named_by_its_place_only() -> None:
    usable, wrong = services(["json://127.0.0.1", "slack://hunter2", "hunter2"])
    assert len(usable) == 1
    assert wrong == [
        "DIGEST_NOTIFY_URLS: address 2 (slack://…) is not one that apprise can use",
        "DIGEST_NOTIFY_URLS: address 3 is not one that apprise can use",
    ]


def test_a_service_that_fails_is_a_line_without_its_address_and_the_others_are_told(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with receiver("hunter2") as bad, receiver() as good:
        bad.status = 500
        closed = "json://127.0.0.1:9/hunter2"
        taken, wrong = send([bad.url, closed, good.url], Message("a title", "a body"))
    assert (taken, good.titles, good.taken[0]["message"]) == (1, ["a title"], "a body")
    assert wrong == ["DIGEST_NOTIFY_URLS: JSON did not take the notice"] * 2
    assert "hunter2" not in "".join([*wrong, caplog.text, *capfd.readouterr()])

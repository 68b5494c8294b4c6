"""The line of `digest doctor` about notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from digest_pipeline.operations.doctor import Finding, examine
from digest_pipeline.operations.notices import URLS
from digest_pipeline_tests.projects import Project
from digest_pipeline_tests.receiver import receiver

if TYPE_CHECKING:
    from pathlib import Path


def notices(project: Project, value: str | None, *, notify: bool = False) -> Finding:
    environ = {} if value is None else {URLS: value}
    found = examine(project.settings, environ, notify=notify)
    return next(finding for finding in found if finding.subject == "notices")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_without_addresses_notices_are_off_and_a_test_message_cannot_be_sent(project: Project) -> None:
    assert notices(project, None) == Finding(
        "notices", ok=True, text=f"off; the environment has no variable {URLS}"
    )
    assert not notices(project, None, notify=True).ok


def test_what_is_told_to_whom_is_said_without_the_addresses(project: Project) -> None:
    value = "json://127.0.0.1/hunter2 tgram://123456789:abcdefg_hijklmnop/12315544/"
    assert notices(project, value) == Finding("notices", ok=True, text="failures to JSON, Telegram")
    project.file.write_text('notify = "daily"\n' + project.file.read_text())
    assert notices(project, value).text == "failures and the page of each day to JSON, Telegram"


def test_an_address_that_cannot_be_used_is_a_failure_without_the_address(project: Project) -> None:
    found = notices(project, "slack://hunter2")
    assert not found.ok
    assert "address 1 (slack://…)" in found.text
    assert "hunter2" not in found.text


def test_a_test_message_arrives_or_the_service_is_named(project: Project) -> None:
    with receiver() as service:
        found = notices(project, service.url, notify=True)
        assert found == Finding("notices", ok=True, text="failures to JSON; a test message is sent")
        assert service.titles == ["digest: a test"]
        service.status = 500
        assert notices(project, service.url, notify=True).text == f"{URLS}: JSON did not take the notice"

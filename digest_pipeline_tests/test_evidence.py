"""What speaks for the type of a change, and that trained weights are of evidence that can be given."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.facts import Facts
from digest_pipeline.models import ChangeType, FileKind
from digest_pipeline.rules.change_types import change_type, type_weights
from digest_pipeline.rules.evidence import evidence_of, is_security
from digest_pipeline.rules.subjects import parse_subject, subject_of
from digest_pipeline_tests.diffs import Versions, judged

FILES: dict[str, Versions] = {"src/a.py": ("x = 1\n", "x = 2\ny = 3\n"), "docs/a.md": ("a\n", "b\n")}


def evidence(subject: str, files: dict[str, Versions] = FILES, body: str = "") -> dict[str, float]:
    commit, _, facts = judged(subject, files, body=body)
    return evidence_of(subject_of(commit), commit.body, facts)


def test_evidence_is_named_and_between_nothing_and_all() -> None:
    found = evidence("fix(store): keep empty lines", body="It crashed before.\n\nFixes #12")
    assert {"says.fix", "named.fix", "message.closes_issue", "message.fault"} <= set(found)
    assert {"has.source", "has.docs", "share.docs", "code.growth"} <= set(found)
    assert "only.source" not in found
    assert all(0 < amount <= 1 for amount in found.values())


@pytest.mark.parametrize(
    ("subject", "named"),
    [("Update httpx to 1.1", True), ("Update the client", False), ("Update httpx-sse to 1.1", False)],
)
def test_a_changed_dependency_is_named_in_whole(subject: str, *, named: bool) -> None:
    files: dict[str, Versions] = {
        "pyproject.toml": (
            '[project]\nname = "a"\ndependencies = ["httpx>=1.0"]\n',
            '[project]\nname = "a"\ndependencies = ["httpx>=1.1"]\n',
        )
    }
    assert ("dependencies.named" in evidence(subject, files)) is named


def test_every_trained_weight_is_of_evidence_that_can_be_given() -> None:
    assert set(type_weights()) == set(ChangeType) - {ChangeType.REVERT, ChangeType.CONFIG}
    words = {*ChangeType, "nothing", "otherwise", "weak"}
    fields = {field.name for field in dataclasses.fields(Facts)}
    families = {
        **dict.fromkeys(("says", "says_without_object", "acts", "about", "named", "also", "hint"), words),
        **dict.fromkeys(("has", "share", "new", "only"), frozenset(FileKind)),
        "facts": fields,
    }
    names = {name for weights in type_weights().values() for name in weights}
    for name in names:
        family, _, member = name.partition(".")
        assert family not in families or member in families[family], name
    given = {family for family in families if any(name.startswith(f"{family}.") for name in names)}
    assert given == set(families)


@pytest.mark.parametrize(
    ("subject", "body", "found"),
    [
        ("Merge commit from fork", "", True),
        ("Fix path traversal in unpacking", "", True),
        ("Check the length", "An attacker can read beyond it (CVE-2026-1234).", True),
        ("Check the length", "It was not checked.", False),
    ],
)
def test_a_vulnerability_is_told_by_its_words_and_an_advisory_by_its_merge(
    subject: str, body: str, *, found: bool
) -> None:
    assert is_security(parse_subject(subject), body) is found
    commit, triage, _ = judged(subject, FILES, body=body)
    assert (triage.change_type is ChangeType.SECURITY) is found
    assert commit.files


def test_settings_alone_are_a_change_of_these() -> None:
    files: dict[str, Versions] = {".editorconfig": ("a = 1\n", "a = 2\n")}
    _, triage, facts = judged("Four blanks", files)
    assert facts.kinds == {FileKind.CONFIG}
    assert triage.change_type is ChangeType.CONFIG


@given(st.text(), st.text(max_size=3000))
def test_any_message_has_a_type(subject: str, body: str) -> None:
    assert change_type(parse_subject(subject), body, Facts()) in ChangeType
    facts = judged("x", FILES)[2]
    assert change_type(parse_subject(subject), body, facts) in ChangeType

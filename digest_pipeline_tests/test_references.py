from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from digest_pipeline.rules.references import References, follows_of, relands_of, with_references
from digest_pipeline_tests.storing import REPO, commit, sha, triage
from digest_pipeline_tests.test_markdown import NASTY

if TYPE_CHECKING:
    from digest_pipeline.models import Commit

SHA = "06847da9126a99c88bf347adf213d33bfe4e4af2"


def told(subject: str, body: str = "", **more: object) -> Commit:
    return dataclasses.replace(commit(1), subject=subject, body=body, **more)


FOLLOWS = {
    "Follow-up to #12.": (12,),
    "This is a follow up to\n#12 and #13": (12, 13),
    "Followup of octo/hello#12": (12,),
    "Follow-up to other/repo#12": (),
    "Fix regression introduced in 8.4.0 by #12 and properly": (12,),
    "Fixes #14. Caused by #12, see #15.": (14, 12),
    "> Follow-up to merged #12. This one is small, like #3": (12,),
    f"Amends: {SHA}": (SHA,),
    f'Fixes: {SHA[:12]} ("net: take the lock")': (SHA[:12],),
    f"Refine tests introduced in {SHA} for #30": (SHA, 30),
    "Follow-up to https://github.com/octo/hello/pull/12": (12,),
    f"broken by https://github.com/octo/hello/commit/{SHA}": (SHA,),
    "Follow-up to https://github.com/other/hello/pull/12": (),
    "Addresses the #12 follow-up": (12,),
    "Builds on #12": (12,),
    "Follow-up to [#12](https://example.com/octo/thing/issues/12)": (),
    "See #12": (),
    "* Fix the cache keys of worktrees (#12)": (),
    "Regressed in deadbeef": (),
    "Signed-off-by: Ada <ada@example.com>": (),
}


@pytest.mark.parametrize("body", FOLLOWS)
def test_a_message_names_what_it_goes_on_from(body: str) -> None:
    names = follows_of(told("Mend it", body)).names
    assert sorted(map(str, names)) == sorted(map(str, FOLLOWS[body]))


def test_a_number_inside_the_subject_counts_and_the_own_one_does_not() -> None:
    assert follows_of(told("Restore the flag of #12 (#15)", pr_number=15)) == References(pr_numbers=(12,))
    assert not follows_of(told("Mend it (#15)", "Fixes #15", pr_number=15))


RELANDS = {
    'Reland "Add x (#12)" (#20)': References(pr_numbers=(12,), subjects=("Add x (#12)",)),
    'Reapply "Add x"': References(subjects=("Add x",)),
    'Revert "Revert "Add x (#12)" (#14)" (#20)': References(pr_numbers=(12,), subjects=("Add x (#12)",)),
    "[reland] Add x, was #12 (#20)": References(pr_numbers=(12,)),
    "feat: Reland the cache of #12": References(pr_numbers=(12,)),
    'Revert "Add x (#12)" (#20)': References(),
    "Land the plane (#20)": References(),
}


@pytest.mark.parametrize("subject", RELANDS)
def test_a_subject_names_what_it_brings_back(subject: str) -> None:
    assert relands_of(told(subject, pr_number=20)) == RELANDS[subject]


def test_a_body_names_what_it_brings_back() -> None:
    assert relands_of(told("Add x again", f"This relands commit {SHA}.\nSee #3")) == References(shas=(SHA,))
    assert relands_of(told("Add x again", "- Re-land of #12")) == References(pr_numbers=(12,))
    assert not relands_of(told("Add x again", "It was relanded in #12"))


def test_only_what_is_known_is_linked_and_nothing_twice() -> None:
    known: dict[str | int, str] = {12: sha(2), 13: sha(3), 14: sha(1), 15: sha(4)}
    made = with_references(
        triage(1, reverts=sha(4)),
        References(pr_numbers=(99, 12)),
        References(pr_numbers=(12, 13, 14, 15, 98)),
        known,
    )
    assert (made.relands, made.follows) == (sha(2), (sha(3),))


@given(NASTY, NASTY)
def test_any_message_is_read(subject: str, body: str) -> None:
    one = told(f"reland {subject}", f"follow-up to {body}\nfixes {subject}", repo=REPO)
    assert all(isinstance(name, (str, int)) for name in (*follows_of(one).names, *relands_of(one).names))


@pytest.mark.parametrize(
    "piece", ["follow-up ", "#1", "a/", "fix #1 ", "https://a.b/c/", "[", "0a" * 9, "\n", "-"]
)
def test_long_messages_take_little_time(piece: str) -> None:
    body = piece * (200_000 // len(piece))
    assert len(follows_of(told(body, body)).names) <= 11
    assert len(relands_of(told(body, body)).names) <= 11

"""What addresses, branches and failures mean: plain values, no connection."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git.remotes import (
    Address,
    Head,
    address_of,
    branch_of,
    failure,
    line,
    same_server,
    unusable,
)
from digest_pipeline.models import TerminalCloneError, TransientCloneError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "https://h.org/a/b.git",
            Address("https://h.org/a/b.git", "https://h.org/a/b.git", "https", "h.org"),
        ),
        (
            "HTTPS://me:s%40crt@H.org:8/a?x=1",
            Address("https://H.org:8/a?x=1", "https://H.org:8/a", "https", "h.org:8", "me", "s@crt"),
        ),
        ("ssh://git@h.org/a", Address("ssh://git@h.org/a", "ssh://h.org/a", "ssh", "h.org", "git")),
        ("git@h.org:a/b", Address("git@h.org:a/b", "git@h.org:a/b", "ssh", "h.org", "git")),
        ("/x/a@b:c", Address("/x/a@b:c", "/x/a@b:c", "local", "", path=Path("/x/a@b:c"))),
        ("file:///x/a%20b", Address("file:///x/a%20b", "file:///x/a%20b", "local", "", path=Path("/x/a b"))),
    ],
)
def test_an_address_is_taken_apart(url: str, address: Address) -> None:
    assert address_of(url) == address


@given(st.text())
def test_any_text_is_an_address(url: str) -> None:
    assert "\n" not in line("a/b", address_of(url), "failed")


@given(
    st.sampled_from(["http", "https", "ssh", "git", "ftp"]),
    st.text("abc@:/?#%", max_size=8),
    st.sampled_from(["/a/b", "", "/a?b=c", "/@"]),
)
def test_a_password_in_the_address_is_never_shown(scheme: str, noise: str, path: str) -> None:
    # `@` and `:` in it and after it are what makes a careless pattern show a part of it.
    secret = noise.replace("/", "").replace("?", "").replace("#", "") + "SECRET"
    address = address_of(f"{scheme}://user:{secret}@host{path}")
    assert "SECRET" not in address.url + address.shown + repr(address)
    assert address.host == "host"


@pytest.mark.parametrize(
    ("configured", "other", "same"),
    [
        ("https://h.org/a", "https://h.org/b", True),
        ("https://h.org/a", "https://evil.org/a", False),
        ("https://h.org/a", "https://h.org.evil.org/a", False),
        ("https://h.org/a", "https://h.org:444/a", False),
        ("https://h.org/a", "http://h.org/a", False),
        ("http://h.org:80/a", "https://h.org/a", True),
    ],
)
def test_a_secret_stays_on_its_server(configured: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column
    assert same_server(address_of(configured), address_of(other)) is same


HEADS = [Head("HEAD", "c1", "refs/heads/trunk"), Head("refs/heads/trunk", "c1"), Head("refs/heads/dev", "c2")]


@pytest.mark.parametrize(
    ("heads", "branch", "found"),
    [
        (HEADS, None, ("trunk", "c1")),
        (HEADS, "dev", ("dev", "c2")),
        ([Head("HEAD", "c1"), *HEADS[1:]], None, ("trunk", "c1")),
        ([Head("HEAD", "c1"), Head("refs/heads/main", "c1"), *HEADS[1:]], None, ("main", "c1")),
        (HEADS, "trunc", "no branch 'trunc'; set branch to one that it has, for example trunk"),
        (HEADS, "zzz", "no branch 'zzz'; set branch to one that it has, for example dev, trunk"),
        (HEADS[1:], None, "its HEAD is no branch; set branch, for example dev, trunk"),
        ([Head("HEAD", "c3"), *HEADS[1:]], None, "its HEAD is no branch; set branch, for example dev, trunk"),
        ([Head("HEAD", "c1", "refs/heads/gone"), HEADS[2]], None, "its HEAD is no branch"),
        ([], None, "no branch yet"),
        ([Head("refs/tags/v1", "c1")], "main", "no branch yet"),
    ],
)
def test_the_branch_is_the_wanted_one_or_that_of_head(
    heads: list[Head], branch: str | None, found: tuple[str, str] | str
) -> None:
    result = branch_of(heads, branch)
    assert found in result if isinstance(found, str) else found == result


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("GitError", "unexpected http status code: 404", TerminalCloneError),
        ("GitError", "unexpected http status code: 403", TerminalCloneError),
        ("GitError", "unexpected http status code: 429", TransientCloneError),
        ("GitError", "unexpected http status code: 503", TransientCloneError),
        ("GitError", "failed to resolve address for h.org: Name or service not known", TransientCloneError),
        ("GitError", "a message that nobody knows", TransientCloneError),
        ("AuthError", "anything", TerminalCloneError),
        ("OSError", "[Errno 28] No space left on device: 'object not found'", TransientCloneError),
    ],
)
def test_a_failure_says_whether_it_can_pass(kind: str, text: str, expected: type[Exception]) -> None:
    error = failure("ada/engine", address_of("https://me:secret@h.org/a"), kind, text)
    assert type(error) is expected
    assert str(error).startswith(f"ada/engine: https://h.org/a: {text}; ")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("ssh://h.org/a", "its host key is not trusted; "),
        ("https://h.org/a", "its certificate is not trusted; "),
    ],
)
def test_a_server_that_is_not_trusted_is_said_to_be(url: str, what: str) -> None:
    error = failure("ada/engine", address_of(url), "CertificateError", "user rejected certificate")
    assert type(error) is TerminalCloneError
    assert what in str(error)


@given(st.text())
def test_a_line_is_one_line_that_a_terminal_does_not_obey(text: str) -> None:
    assert line("a/b", address_of("https://h.org/a"), text).isprintable()


def test_an_address_that_cannot_work_is_refused_with_the_way_out() -> None:
    assert "no protocol of git" in (unusable(address_of("ftp://h.org/a"), has_ssh=True) or "")
    assert "without ssh" in (unusable(address_of("git@h.org:a"), has_ssh=False) or "")
    assert unusable(address_of("git@h.org:a"), has_ssh=True) is None

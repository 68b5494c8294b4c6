from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git.messages import (
    EARLIEST,
    LATEST,
    Identity,
    decode,
    identity,
    moment,
    path_texts,
    pr_number,
    split_message,
    split_object,
)

TREE, PARENT = b"1" * 40, b"2" * 40


def test_a_commit_object_is_split_into_its_lines() -> None:
    raw = (
        b"tree %s\nparent %s\nparent %s\nauthor A <a@b> 1 +0100\ncommitter B <b@c> 2 -0330\n"
        b"gpgsig -----BEGIN\n encoding of a signature\nencoding ISO-8859-1\n\nSubject\n\nencoding x\n"
    ) % (TREE, PARENT, TREE)
    header, message = split_object(raw)
    assert header.tree == TREE.decode()
    assert header.parents == (PARENT.decode(), TREE.decode())
    assert (header.author, header.committer) == (b"A <a@b> 1 +0100", b"B <b@c> 2 -0330")
    assert header.encoding == "ISO-8859-1"
    assert message == b"Subject\n\nencoding x\n"


def test_a_root_without_signatures_and_message_is_still_a_commit() -> None:
    header, message = split_object(b"tree %s\n" % TREE)
    assert (header.parents, header.author, header.encoding, message) == ((), b"", None, b"")


def test_what_is_no_commit_is_refused() -> None:
    with pytest.raises(ValueError, match="not a commit"):
        split_object(b"object 123\n\n")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            b"Ada Lovelace <ada@example.com> 1700000000 +0530",
            Identity("Ada Lovelace", "ada@example.com", 1700000000),
        ),
        (b"A <a@b> 1700000000 +9999", Identity("A", "a@b", 1700000000)),
        (b"A <a@b> 1700000000 -051800", Identity("A", "a@b", 1700000000)),
        (b"A <a@b> 99999999999999999999999999 +0000", Identity("A", "a@b", 0)),
        (b"A <a@b> 18446744073709551615 +0000", Identity("A", "a@b", 0)),
        (b"A <a@b> 9000000000000000 +0000", Identity("A", "a@b", LATEST)),
        (b"A <a@b> -100 +0000", Identity("A", "a@b", -100)),
        (b"A <a@b>", Identity("A", "a@b", 0)),
        (b"A <a@b> yesterday", Identity("A", "a@b", 0)),
        (b" <> 5 +0000", Identity("unknown", "unknown", 5)),
        (b"A <a<b>> 7 +0000", Identity("A", "a<b", 7)),
        (b"nobody", Identity("nobody", "unknown", 0)),
        (b"", Identity("unknown", "unknown", 0)),
        ("Zoë <z@ë.org> 1 +0000".encode(), Identity("Zoë", "z@ë.org", 1)),
        ("Zoë <z@b> 1 +0000".encode("latin-1"), Identity("Zoë", "z@b", 1)),
    ],
)
def test_a_signature_gives_name_address_and_moment(raw: bytes, expected: Identity) -> None:
    assert identity(raw, None) == expected


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße".encode("latin-1"), None, "Grüße"),
        ("Grüße".encode("latin-1"), "ISO-8859-1", "Grüße"),
        ("日本".encode("iso2022_jp"), "ISO-2022-JP", "日本"),
        ("中文".encode("gbk"), "GBK", "中文"),
        ("Grüße".encode(), "no-such-code", "Grüße"),
        ("Grüße".encode(), "rot13", "Grüße"),
        (b"\\x41", "unicode_escape", "\\x41"),
        (b"+2AA-", "utf-7", "+2AA-"),
        (b"seen\0not seen", None, "seen"),
    ],
)
def test_text_is_decoded_whatever_its_encoding(raw: bytes, encoding: str | None, text: str) -> None:
    assert decode(raw, encoding) == text


@given(st.binary(), st.none() | st.sampled_from(["utf-7", "utf-16", "gb18030", "hz", "idna", "x", "\0", "�"]))
def test_every_text_can_be_stored(raw: bytes, encoding: str | None) -> None:
    text = decode(raw, encoding)
    assert "\0" not in text
    text.encode()


@given(st.integers().map(lambda n: str(n).encode()) | st.none())
def test_every_moment_has_a_date(digits: bytes | None) -> None:
    assert EARLIEST <= moment(digits) <= LATEST


@pytest.mark.parametrize(
    ("text", "subject", "body"),
    [
        ("Fix x\n", "Fix x", ""),
        ("\n\nFix x\n\nBecause\n\nof y\n", "Fix x", "Because\n\nof y"),
        ("Fix x\r\nand y  \r\n\r\nBecause\r\n", "Fix x and y", "Because"),
        ("Fix x\n \t\nBecause", "Fix x", "Because"),
        ("", "", ""),
        ("  \n ", "", ""),
        ("x" * 9_000, "x" * 9_000, ""),
    ],
)
def test_the_subject_is_the_first_paragraph(text: str, subject: str, body: str) -> None:
    assert split_message(text) == (subject, body)


@pytest.mark.parametrize(
    ("subject", "body", "number"),
    [
        ("Fix x (#12)", "", 12),
        ("Merge pull request #13 from ada/fix", "Fix x (#9)", 13),
        ("Merged in fix-x (pull request #14)", "", 14),
        ("Merge branch 'fix' into 'main'", "Fix x\n\nSee merge request group/sub/proj!15", 15),
        ('Revert "Fix x (#12)" (#16)', "", 16),
        ('Revert "Fix x (#12)"', "Reverts #12", None),
        ("Fix #12", "", None),
        ("Fix x (#12) again", "", None),
        ("Fix x (#99999999999)", "", None),
        ("Fix x", "(#12)", None),
        ("Do not merge pull request #17 from x", "", None),
    ],
)
def test_the_pull_request_is_where_the_hosts_write_it(subject: str, body: str, number: int | None) -> None:
    assert pr_number(subject, body) == number


def test_paths_stay_apart_when_their_bytes_are_foreign() -> None:
    assert path_texts({b"a.txt", "ü".encode()}) == {b"a.txt": "a.txt", "ü".encode(): "ü"}
    assert path_texts({b"a\xff"}) == {b"a\xff": "a�"}
    assert path_texts({b"a\xff", b"a\xfe", b"b\xfe"}) == {
        b"a\xff": "a\\xff",
        b"a\xfe": "a\\xfe",
        b"b\xfe": "b�",
    }
    assert path_texts({b"a\xff", "a�".encode()}) == {b"a\xff": "a\\xff", "a�".encode(): "a�"}

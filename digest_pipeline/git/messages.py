"""What a raw commit object says: its header, names, moments and message, as text that can be stored.

The object is read by hand and not through libgit2's commit type, because real histories hold what that
type refuses: moments that overflow, encodings nobody knows, broken signatures. Whatever stands there,
the result is text that encodes to UTF-8 and moments that a calendar can show. No repository is opened
here.
"""

from __future__ import annotations

import codecs
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from digest_pipeline.models import Commit

if TYPE_CHECKING:
    import datetime as dt

    from digest_pipeline.models import FileChange, Landing

EARLIEST, LATEST = -62_135_596_800, 253_402_300_799
"""The first second of year 1 and the last of year 9999: what calendars and databases can hold."""

_NO_TEXT_CODECS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})
"""Python's codecs that are not a way of writing text, or take quadratic time."""

_HEADER = re.compile(
    rb"tree (?P<tree>[0-9a-f]{40})\n(?P<parents>(?:parent [0-9a-f]{40}\n)*)"
    rb"(?:author (?P<author>.*)\n)?(?:committer (?P<committer>.*)\n)?"
)
_ENCODING = re.compile(rb"\nencoding (.*)")
_MOMENT = re.compile(rb"\s*(-?\d+)")
_PR_NUMBERS = (
    re.compile(r"^Merge pull request #(\d{1,9}) from "),
    re.compile(r"\((?:pull request )?#(\d{1,9})\)$"),
)
_IN_BODY = "See merge request "
_BODY_NUMBER = re.compile(rf"^{_IN_BODY}\S*!(\d{{1,9}})\s*$", re.MULTILINE)


class RawHeader(NamedTuple):
    """The lines of a commit object before its message, undecoded."""

    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    encoding: str | None


class Identity(NamedTuple):
    """Who, and when in whole seconds UTC (0 where the object names no moment)."""

    name: str
    email: str
    at: int


def split_object(raw: bytes) -> tuple[RawHeader, bytes]:
    """The header and the undecoded message of a commit object; ValueError where it is none.

    The order of the lines is fixed (git help hash-object, fsck's rules); only what follows the
    committer (encoding, signatures) varies.
    """
    head, _, message = raw.partition(b"\n\n")
    match = _HEADER.match(head + b"\n")
    if match is None:
        raise ValueError("not a commit object")
    tree, parents, author, committer = match.groups()
    encoding = _ENCODING.search(head, match.end() - 1) if b"\nencoding " in head else None
    header = RawHeader(
        tree.decode(),
        tuple(parents.decode().replace("parent ", "").split()),
        author or b"",
        committer or b"",
        encoding[1].decode("ascii", "replace") if encoding else None,
    )
    return header, message


def identity(raw: bytes, encoding: str | None) -> Identity:
    """Name, e-mail and moment of an `author` or `committer` line; what is missing is `unknown`."""
    end = raw.rfind(b">") + 1
    if b"<" not in raw[:end]:
        return Identity(decode(raw, encoding).strip() or "unknown", "unknown", 0)
    at = _MOMENT.match(raw, end)
    return Identity(*_person(raw[:end], encoding), moment(at and at[1]))


@functools.lru_cache(4096)  # a history has many commits of few people
def _person(raw: bytes, encoding: str | None) -> tuple[str, str]:
    """Name and e-mail of what goes up to the last `>`."""
    name, _, email = raw.partition(b"<")
    texts = (decode(part, encoding).strip() for part in (name, email.partition(b">")[0]))
    name, email = (text or "unknown" for text in texts)
    return name, email


def moment(digits: bytes | None) -> int:
    """Seconds since 1970, held between the years 1 and 9999; 0 where there is none, as git shows it.

    Offsets play no part: a commit's moment is the same in every zone, also with an offset of +9999.
    """
    if digits is None or len(digits) > len(str(-(2**63))):
        return 0
    at = int(digits)
    return min(max(at, EARLIEST), LATEST) if -(2**63) <= at < 2**63 else 0


def decode(raw: bytes, encoding: str | None) -> str:
    """Bytes of a commit as text, up to the first NUL as git shows them.

    Tried in order: the encoding that the commit names, UTF-8, Latin-1 (which takes anything).
    """
    shown = raw.partition(b"\0")[0]
    if encoding is None and shown.isascii():
        return shown.decode("ascii")
    for codec in (encoding, "utf-8"):
        if codec is None:
            continue
        try:
            if codecs.lookup(codec).name.replace("-", "_") in _NO_TEXT_CODECS:
                continue
            text = shown.decode(codec)
            text.encode()  # UTF-7 and UTF-16 can say half of a surrogate pair, which no database takes
        except (LookupError, ValueError):
            continue
        return text.replace("\0", "�")
    return shown.decode("latin-1")


def split_message(text: str) -> tuple[str, str]:
    """Subject and body: the subject is the first paragraph on one line, as git's `%s`; both trimmed."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    end = lines.index("") if "" in lines else len(lines)
    return " ".join(lines[:end]), "\n".join(lines[end:]).strip()


def pr_number(subject: str, body: str) -> int | None:
    """The pull or merge request that a commit came from, as GitHub, GitLab and Bitbucket write it.

    `… (#12)` and `(pull request #12)` count at the end of the subject only: inside it they name
    another request, as in `Revert "Add x (#12)" (#15)`.
    """
    for pattern in _PR_NUMBERS:
        match = pattern.search(subject)
        if match:
            return int(match[1])
    match = _BODY_NUMBER.search(body) if _IN_BODY in body else None  # to find nothing takes it long
    return int(match[1]) if match else None


def commit_of(  # noqa: PLR0913 - the parts of a commit
    repo: str,
    landing: Landing,
    day: dt.date,
    header: RawHeader,
    message: bytes,
    *,
    files: tuple[FileChange, ...],
) -> Commit:
    """The commit, from its object, its landing and its rows."""
    author = identity(header.author, header.encoding)
    committer = identity(header.committer, header.encoding)
    subject, body = split_message(decode(message, header.encoding))
    return Commit(
        repo=repo,
        sha=landing.sha,
        day=day,
        landed_at=landing.landed_at,
        committed_at=committer.at,
        authored_at=author.at,
        author_name=author.name,
        author_email=author.email,
        committer_name=committer.name,
        subject=subject,
        body=body,
        pr_number=pr_number(subject, body),
        is_merge=len(header.parents) > 1,
        landed_by=landing.landed_by,
        files=files,
    )


def path_texts(raws: set[bytes]) -> dict[bytes, str]:
    r"""The paths of one commit as text: UTF-8, foreign bytes as `�`, or as `\xNN` where two would be one."""
    texts = {raw: raw.decode("utf-8", "replace") for raw in raws}
    if len(set(texts.values())) == len(texts):
        return texts
    seen: dict[str, int] = {}
    for text in texts.values():
        seen[text] = seen.get(text, 0) + 1
    return {
        raw: raw.decode("utf-8", "backslashreplace") if seen[text] > 1 else text
        for raw, text in texts.items()
    }

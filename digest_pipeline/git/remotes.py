"""What addresses, branches and failures of a remote mean; pure, nothing here opens a connection.

Asking a remote and fetching from it is `transfer`.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from digest_pipeline.models import CloneError, TerminalCloneError, TransientCloneError

if TYPE_CHECKING:
    from collections.abc import Sequence

BRANCHES = "refs/heads/"


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """A repository's address, taken apart: what may be shown and stored, and what is secret."""

    url: str
    """For libgit2 and the clone's configuration: no password, over http no user either."""
    shown: str
    """For people: no user, no password, no query."""
    scheme: str
    """`https`, `http`, `ssh`, `git`, `local` or something unknown, in lower case."""
    host: str
    """In lower case, with the port; empty for local paths."""
    user: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    path: Path | None = None
    """Only of local repositories."""


def address_of(url: str) -> Address:
    """Take apart anything that git can clone: a URL, `user@host:path` or a local path."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        scp = re.fullmatch(r"([^/@:\s]+)@([^/@:\s]+):.+", url)
        if scp:
            return Address(url, url, "ssh", scp[2].lower(), user=scp[1])
        return Address(url, url, "local", "", path=Path(url))
    scheme = scheme.lower()
    authority, slash, path = re.fullmatch(r"([^/?#]*)(/?)(.*)", rest, re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess] - it matches everything
    if scheme == "file":
        return Address(url, url, "local", "", path=Path(unquote(slash + path)))
    login, _, host = authority.rpartition("@")
    user, _, password = login.partition(":")
    kept = f"{user}@" if user and scheme not in {"http", "https"} else ""
    return Address(
        url=f"{scheme}://{kept}{host}{slash}{path}",
        shown=f"{scheme}://{host}{slash}{re.split('[?#]', path)[0]}",
        scheme=scheme,
        host=host.lower(),
        user=unquote(user) or None,
        password=unquote(password) or None,
    )


def same_server(address: Address, other: Address) -> bool:
    """Whether a redirect stayed where a secret may go: on the same host, and not from https to http."""
    if other.scheme == address.scheme:
        return other.host == address.host
    names = {urlsplit(f"//{a.host}").hostname for a in (other, address)}
    return other.scheme == "https" and address.scheme == "http" and len(names) == 1


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """One reference that a remote has."""

    name: str
    sha: str
    target: str | None = None
    """What a symbolic reference stands for, as `refs/heads/main`."""


def branch_of(heads: Sequence[Head], branch: str | None) -> tuple[str, str] | str:
    """(branch, SHA) of the wanted branch, by default the one that HEAD stands for; else what is wrong."""
    branches = {h.name.removeprefix(BRANCHES): h.sha for h in heads if h.name.startswith(BRANCHES)}
    if not branches:
        return "it has no branch yet; push a first commit"
    some = ", ".join(sorted(branches)[:3])
    if branch is not None:
        if branch in branches:
            return branch, branches[branch]
        close = ", ".join(difflib.get_close_matches(branch, branches, 3, 0.5)) or some
        return f"it has no branch {branch!r}; set branch to one that it has, for example {close}"
    head = next((h for h in heads if h.name == "HEAD"), None)
    name = head.target.removeprefix(BRANCHES) if head and head.target else ""
    if name not in branches:
        # Old servers do not say what HEAD stands for: git then takes a branch with the same commit.
        same = sorted(b for b, sha in branches.items() if head and sha == head.sha)
        name = next((b for b in ("main", "master", *same) if b in same), "")
    return (name, branches[name]) if name else f"its HEAD is no branch; set branch, for example {some}"


_TERMINAL = (
    (r"status code: 404", "there is no such repository; check the address, a private one needs token_env"),
    (
        r"status code: (401|403|407|410|451)$",
        "access is refused; check the address, the token and its rights",
    ),
    (r"object format", "repositories with SHA-256 hashes cannot be read; use a SHA-1 mirror"),
    (r"^invalid packet line", "it is a shallow clone or no git server; use a complete repository"),
    (r"content.?type", "it is no git server; check the address"),
    (r"^could not find repository|Repository not found", "there is no repository; check the address"),
    (r"^(unsupported URL|malformed|invalid url|invalid argument: '(port|url))", "check the address"),
    (r"^object not found", "it lacks a part of its history; use a complete repository"),
)


def line(name: str, address: Address, text: str) -> str:
    """One line for a person: the repository, its address, and `text` without what a terminal obeys."""
    printable = "".join(c if c.isprintable() else " " for c in f"{name}: {address.shown}: {text}")
    return " ".join(printable.split())


def failure(name: str, address: Address, kind: str, text: str) -> CloneError:
    """What failed and what to do, from the class and the message of an error of libgit2 or the system.

    Messages are those of libgit2 1.9; one that is not known here counts as transient.
    """
    if kind == "AuthError":
        advice = "load a key into ssh-agent" if address.scheme == "ssh" else "check the token"
        return TerminalCloneError(line(name, address, f"{text}; {advice}"))
    if kind == "CertificateError":  # libgit2 only says that "the user" refused it
        what = (
            "its host key is not trusted; check the address and ~/.ssh/known_hosts"
            if address.scheme == "ssh"
            else "its certificate is not trusted; check the address and the system's certificates"
        )
        return TerminalCloneError(line(name, address, what))
    for pattern, advice in _TERMINAL if kind.endswith("Error") and kind != "OSError" else ():
        if re.search(pattern, text):
            return TerminalCloneError(line(name, address, f"{text}; {advice}"))
    return TransientCloneError(line(name, address, f"{text}; run it again later"))


def unusable(address: Address, *, has_ssh: bool) -> str | None:
    """Why an address cannot work here, before any connection."""
    if address.scheme not in {"http", "https", "ssh", "git", "local"}:
        return "no protocol of git; use https://, ssh:// or a local path"
    if address.scheme == "ssh" and not has_ssh:
        return "this pygit2 was built without ssh; use https and token_env"
    return None

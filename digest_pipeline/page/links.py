"""Web addresses of commits, pull requests and comparisons, built from the address of the remote.

Known hosts: GitHub, GitLab, Gitea, Forgejo, Codeberg, Gitee and Bitbucket, by the host's name; for
others the settings can give patterns (`commit_url`, `pr_url`). What is not known has no address, and
the page shows plain text. Nothing is asked over the network and nothing is taken from a text.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from digest_pipeline.models import Repository


@dataclasses.dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one repository; every method gives None where there is no address."""

    commit_pattern: str | None = None
    pr_pattern: str | None = None
    compare_pattern: str | None = None
    pr_mark: str = "#"
    """What stands before the number of a pull request: `!` on GitLab."""
    knows_parents: bool = False
    """Whether the host understands `<sha>^` in a comparison."""

    def commit(self, sha: str) -> str | None:
        """The page of a commit, by its full SHA."""
        if self.commit_pattern is None or not re.fullmatch(r"[0-9a-f]{7,64}", sha):
            return None
        return self.commit_pattern.replace("{sha}", sha)

    def pr(self, number: int | None) -> str | None:
        """The page of a pull request (GitLab: merge request)."""
        if self.pr_pattern is None or number is None:
            return None
        return self.pr_pattern.replace("{number}", str(number))

    def day(self, first: str, last: str, *, has_parent: bool) -> str | None:
        """The page that compares the first and the last commit of a day.

        Where the host understands `^`, the comparison begins before the first commit, so that it shows
        the whole day; `has_parent` says that there is something before it.
        """
        if self.compare_pattern is None:
            return None
        before = f"{first}^" if has_parent and self.knows_parents else first
        return self.compare_pattern.replace("{first}", before).replace("{last}", last)


_GITEA = ("{base}/commit/{sha}", "{base}/pulls/{number}", "{base}/compare/{first}...{last}", "#")
_FORMS = {
    "github": ("{base}/commit/{sha}", "{base}/pull/{number}", "{base}/compare/{first}...{last}", "#"),
    "gitlab": (
        "{base}/-/commit/{sha}",
        "{base}/-/merge_requests/{number}",
        "{base}/-/compare/{first}...{last}",
        "!",
    ),
    "gitea": _GITEA,
    "forgejo": _GITEA,
    "codeberg": _GITEA,
    "gitee": _GITEA,
    "bitbucket": (
        "{base}/commits/{sha}",
        "{base}/pull-requests/{number}",
        "{base}/branches/compare/{last}%0D{first}",
        "#",
    ),
}


def links_of(repository: Repository) -> Links:
    """The addresses of a repository; patterns of the settings go before what its host would give."""
    known = _known(repository.url)
    return dataclasses.replace(
        known,
        commit_pattern=_pattern(repository.commit_url, "{sha}") or known.commit_pattern,
        pr_pattern=_pattern(repository.pr_url, "{number}") or known.pr_pattern,
    )


def _known(url: str) -> Links:
    base = web_address(url)
    if base is None:
        return Links()
    host = urlsplit(base).hostname or ""
    kind = next((k for k in _FORMS if re.search(rf"(?:^|[.-]){k}(?:[.-]|$)", host)), None)
    if kind is None:
        return Links()
    commit, pr, compare, mark = (part.replace("{base}", base) for part in _FORMS[kind])
    return Links(commit, pr, compare, mark, knows_parents=kind == "github")


def web_address(url: str) -> str | None:
    """`https://host/owner/name` of a remote, without user, password, `.git` and the ports of ssh.

    Understands `https://`, `http://`, `ssh://`, `git://` and `git@host:owner/name.git`; None for
    everything else: local paths, `file://`, addresses with characters that no host would have.
    """
    short = re.fullmatch(r"(?:[\w.+-]+@)?([A-Za-z0-9.-]{2,}):(?!//|\\)(.+)", url)
    if short:
        scheme, host, port, path = "ssh", short[1], None, short[2]
    else:
        try:
            parts = urlsplit(url)
            scheme, host, port, path = parts.scheme, parts.hostname or "", parts.port, parts.path
        except ValueError:
            return None
    if scheme in {"ssh", "git", "git+ssh"}:
        scheme, port, host = "https", None, re.sub(r"^(?:alt)?ssh\.", "", host)
    if scheme not in {"https", "http"} or not re.fullmatch(r"[a-z0-9.-]+", host.lower()):
        return None
    segments = [s for s in path.strip("/").removesuffix(".git").split("/") if s]
    if len(segments) < 2 or any(s in {".", ".."} for s in segments):  # noqa: PLR2004 - owner and name
        return None
    where = host.lower() if port in {None, 80, 443} else f"{host.lower()}:{port}"
    return f"{scheme}://{where}/" + "/".join(quote(s, safe="~.-_%") for s in segments)


def _pattern(pattern: str | None, field: str) -> str | None:
    """A pattern of the settings, if it is a web address with its field; made safe inside a link."""
    if pattern is None or field not in pattern or not pattern.startswith(("https://", "http://")):
        return None
    return quote(pattern, safe="/:?&=#~.-_%{}+,;@!")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.models import Repository
from digest_pipeline.page.links import Links, links_of, web_address

SHA, LATER = "a" * 40, "b" * 40


def links(url: str, commit_url: str | None = None, pr_url: str | None = None) -> Links:
    return links_of(Repository("o/n", url, commit_url=commit_url, pr_url=pr_url))


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/n.git",
        "https://github.com/o/n",
        "https://github.com/o/n/",
        "https://user:secret@github.com:443/o/n.git",
        "http://GitHub.com/o/n.git",
        "ssh://git@github.com:22/o/n.git",
        "ssh://git@ssh.github.com:443/o/n.git",
        "git@github.com:o/n.git",
        "github.com:o/n",
        "git://github.com/o/n.git",
    ],
)
def test_every_way_to_write_a_remote_leads_to_its_page(url: str) -> None:
    scheme = "http" if url.startswith("http:") else "https"
    assert web_address(url) == f"{scheme}://github.com/o/n"
    assert links(url).commit(SHA) == f"{scheme}://github.com/o/n/commit/{SHA}"
    assert links(url).pr(12) == f"{scheme}://github.com/o/n/pull/12"


@pytest.mark.parametrize(
    ("url", "commit", "pr", "day"),
    [
        (
            "git@gitlab.com:group/sub/team/n.git",
            f"https://gitlab.com/group/sub/team/n/-/commit/{SHA}",
            "https://gitlab.com/group/sub/team/n/-/merge_requests/7",
            f"https://gitlab.com/group/sub/team/n/-/compare/{SHA}...{LATER}",
        ),
        (
            "https://gitlab.example.com:8443/o/n.git",
            f"https://gitlab.example.com:8443/o/n/-/commit/{SHA}",
            "https://gitlab.example.com:8443/o/n/-/merge_requests/7",
            f"https://gitlab.example.com:8443/o/n/-/compare/{SHA}...{LATER}",
        ),
        (
            "https://codeberg.org/o/n.git",
            f"https://codeberg.org/o/n/commit/{SHA}",
            "https://codeberg.org/o/n/pulls/7",
            f"https://codeberg.org/o/n/compare/{SHA}...{LATER}",
        ),
        (
            "ssh://git@bitbucket.org/o/n.git",
            f"https://bitbucket.org/o/n/commits/{SHA}",
            "https://bitbucket.org/o/n/pull-requests/7",
            f"https://bitbucket.org/o/n/branches/compare/{LATER}%0D{SHA}",
        ),
        (
            "https://github.com/o/n.git",
            f"https://github.com/o/n/commit/{SHA}",
            "https://github.com/o/n/pull/7",
            f"https://github.com/o/n/compare/{SHA}^...{LATER}",
        ),
    ],
)
def test_each_host_has_its_own_addresses(url: str, commit: str, pr: str, day: str) -> None:
    found = links(url)
    assert found.commit(SHA) == commit
    assert found.pr(7) == pr
    assert found.day(SHA, LATER, has_parent=True) == day


@pytest.mark.parametrize(
    "url",
    [
        "/srv/git/github.com/o/n.git",
        "../github.com/n",
        "C:\\git\\github.com\\n",
        "file:///srv/github.com/o/n",
        "https://git.example.com/o/n.git",
        "https://notgithub.com/o/n.git",
        "https://github.com/only",
        "https://github.com/o/../n",
        "https://github.com:port/o/n",
        "https://gith ub.com/o/n",
        "",
    ],
)
def test_what_is_not_known_has_no_address(url: str) -> None:
    assert links(url).commit(SHA) is None
    assert links(url).pr(1) is None
    assert links(url).day(SHA, LATER, has_parent=True) is None


def test_patterns_of_the_settings_go_first() -> None:
    found = links(
        "https://git.example.com/o/n.git",
        commit_url="https://git.example.com/o/n/c/?id={sha}",
        pr_url="https://review.example.com/{number}",
    )
    assert found.commit(SHA) == f"https://git.example.com/o/n/c/?id={SHA}"
    assert found.pr(3) == "https://review.example.com/3"


@pytest.mark.parametrize("pattern", ["javascript:{sha}", "https://a.b/no-field", "/{sha}"])
def test_a_pattern_that_is_no_address_makes_no_link(pattern: str) -> None:
    assert links("/srv/n.git", commit_url=pattern).commit(SHA) is None


def test_the_first_commit_of_all_has_no_parent_to_compare_with() -> None:
    found = links("https://github.com/o/n")
    assert found.day(SHA, LATER, has_parent=False) == f"https://github.com/o/n/compare/{SHA}...{LATER}"


def test_only_a_sha_makes_a_commit_address() -> None:
    assert links("https://github.com/o/n").commit("main)](javascript:x") is None


@given(
    st.text()
    | st.text(alphabet="ahtps:/@.-_()<>[] \n%20gitubcom", min_size=5).map("https://github.com/".__add__)
)
def test_no_address_ends_a_link_early(url: str) -> None:
    made = links(url).commit(SHA) or ""
    assert not set(made) & set("()<>[] \n\"'`|\\")

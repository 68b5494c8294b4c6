"""Checks named as statements; they run inside the assets, on what the step has just written.

Each is a pure function of plain values that returns what is wrong, a line each; the functions
`of_<station>` read the values and turn the lines into Dagster's results.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from digest_pipeline.judging import Analysed
    from digest_pipeline.models import Repository, Window
    from digest_pipeline.workspace import Workspace

STATEMENTS = {
    "commits": {
        "commits_match_git": "The stored commits of the days are those that landed on them in git.",
        "every_commit_has_one_day": "No commit is stored twice, on one day or on two.",
    },
    "analyses": {"every_commit_is_analysed": "Not more than 5 % of the commits wait for a model."},
    "reports": {
        "report_links_resolve": "Every link of a page to a place in it or to a file leads somewhere.",
        "no_day_is_missing": "Since the first digest there is a page for every day that is over.",
    },
    "daily": {"overview_links_resolve": "Every link of a page across repositories leads somewhere."},
}
TOLERATED_PENDING = 0.05


def specs(key: dg.AssetKey, station: str) -> list[dg.AssetCheckSpec]:
    """The checks of a station's asset."""
    return [
        dg.AssetCheckSpec(name, asset=key, description=text) for name, text in STATEMENTS[station].items()
    ]


def differing(expected: Iterable[str], stored: Iterable[str]) -> list[str]:
    """Commits that landed but are not stored, and the reverse."""
    expected, stored = set(expected), set(stored)
    return [f"{sha} is not stored" for sha in sorted(expected - stored)] + [
        f"{sha} did not land on these days" for sha in sorted(stored - expected)
    ]


def repeated(shas: Iterable[str]) -> list[str]:
    """Commits that are stored more than once."""
    return [f"{sha} is stored {count} times" for sha, count in sorted(Counter(shas).items()) if count > 1]


def unresolved_links(page: str, others: Mapping[str, Collection[str] | None] | None = None) -> list[str]:
    """Links of a Markdown page that lead nowhere: to files, and to places in it or in other pages.

    `others` has the anchors of each file that the page names, None for one that is not there; without
    `others` only the page itself is judged.
    """
    anchors = Counter(anchors_in(page))
    wrong = [f"#{anchor} stands {count} times" for anchor, count in anchors.items() if count > 1]
    for target in dict.fromkeys(link_targets(page)):
        path, _, anchor = target.partition("#")
        there = None if others is None else others.get(path)
        if not path and anchor not in anchors:
            wrong.append(f"#{anchor} is nowhere")
        elif path and others is not None and there is None:
            wrong.append(f"{path} does not exist")
        elif path and there is not None and anchor and anchor not in there:
            wrong.append(f"{target} is nowhere")
    return wrong


def anchors_in(page: str) -> list[str]:
    """The places of a page that a link can lead to, in its order."""
    return re.findall(r'<a id="([^"]+)"></a>', page)


def link_targets(page: str) -> list[str]:
    """The targets of a page's links that are not web addresses."""
    return [t for t in re.findall(r"(?<!\\)\]\(([^()\s]+)\)", page) if not re.match(r"[a-z]+:", t)]


def missing_days(known: Collection[dt.date], days: Iterable[dt.date]) -> list[str]:
    """Days after the first known one that are not known."""
    first = min(known, default=None)
    return [f"{day} is missing" for day in days if first and day > first and day not in known]


def _result(
    key: dg.AssetKey,
    name: str,
    wrong: Sequence[str],
    *,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    shown = [*wrong[:20], *([f"and {len(wrong) - 20} more"] if len(wrong) > 20 else [])]  # noqa: PLR2004
    return dg.AssetCheckResult(
        passed=not wrong,
        asset_key=key,
        check_name=name,
        severity=severity,
        description="\n".join(shown) or None,
        metadata={"wrong": len(wrong)},
    )


def of_commits(
    key: dg.AssetKey, workspace: Workspace, repository: Repository, windows: Sequence[Window]
) -> list[dg.AssetCheckResult]:
    """The results of the checks of `commits`."""
    store = workspace.store
    landings = store.landings(
        repository.name, windows[0].start, windows[-1].end, by=workspace.settings.day_by
    )
    stored = store.stored_shas(repository.name, windows[0].day, windows[-1].day)
    return [
        _result(key, "commits_match_git", differing((x.sha for x in landings), stored)),
        _result(key, "every_commit_has_one_day", repeated(stored)),
    ]


def of_analyses(key: dg.AssetKey, analysed: Analysed) -> list[dg.AssetCheckResult]:
    """The results of the checks of `analyses`: a fatal cause fails, more than a few pending ones warn."""
    share = analysed.pending / analysed.commits if analysed.commits else 0
    wrong = (
        [f"{analysed.pending} of {analysed.commits} commits wait for the model"]
        if share > TOLERATED_PENDING
        else []
    )
    if analysed.stopped:
        wrong.insert(0, f"the model was not asked any more: {analysed.stopped}")
    severity = dg.AssetCheckSeverity.ERROR if analysed.stopped else dg.AssetCheckSeverity.WARN
    return [_result(key, "every_commit_is_analysed", wrong, severity=severity)]


def dangling(pages: Collection[Path], *, alone: bool = False) -> list[str]:
    """Links that lead nowhere, each with its page: on some pages and, unless `alone`, on those they name."""
    read = functools.cache(_content)

    def named(page: Path) -> set[str]:
        return {target.partition("#")[0] for target in link_targets(read(page) or "")} - {""}

    near = {page.parent / target for page in pages for target in named(page)}
    wrong: list[str] = []
    for page in sorted({*pages, *(() if alone else filter(read, near))}):
        there = {target: read(page.parent / target) for target in named(page)}
        others = {target: None if text is None else anchors_in(text) for target, text in there.items()}
        wrong += [f"{page.name}: {line}" for line in unresolved_links(read(page) or "", others)]
    return wrong


def of_daily(key: dg.AssetKey, pages: Collection[Path]) -> list[dg.AssetCheckResult]:
    """The result of the check of `daily`."""
    return [_result(key, "overview_links_resolve", dangling(pages, alone=True))]


def _content(file: Path) -> str | None:
    """The text of a page, nothing of another file, None where there is no file."""
    if not file.exists():
        return None
    return file.read_text("utf-8") if file.suffix == ".md" else ""


def of_reports(
    key: dg.AssetKey,
    workspace: Workspace,
    repository: Repository,
    windows: Sequence[Window],
    pages: Collection[Path],
) -> list[dg.AssetCheckResult]:
    """The results of the checks of `reports`."""
    from digest_pipeline.workspace import days_of_range  # noqa: PLC0415 - opens the store

    wrong = dangling(pages)
    start = workspace.settings.start_date
    known = workspace.store.days(repository.name, start, windows[-1].day)
    first = min(known, default=windows[0].day)
    days = [w.day for w in days_of_range(workspace.settings, first, windows[-1].day)]
    return [
        _result(key, "report_links_resolve", wrong),
        _result(key, "no_day_is_missing", missing_days(known, days), severity=dg.AssetCheckSeverity.WARN),
    ]

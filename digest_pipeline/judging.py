"""Station 3 for one repository and a range of days: what each commit is worth saying.

The facts of each diff, the judgement of each day, and an analysis by rules for every commit; where a
model is asked, its verified answer takes the place of the rules' one. Decisions are made in `facts`,
`triage`, `wording` and `analyses`; here the values are carried.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from digest_pipeline.commits import read_texts
from digest_pipeline.facts import fact_lines, facts_of
from digest_pipeline.model.injections import orders_in
from digest_pipeline.models import AnalysisState
from digest_pipeline.rules.references import follows_of, relands_of, with_references
from digest_pipeline.stations import clone_on_disk
from digest_pipeline.triage import RevertHint, is_held, revert_hint, triage_day
from digest_pipeline.units import units_of
from digest_pipeline.wording import analysis_by_rules

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from digest_pipeline.facts import Facts
    from digest_pipeline.models import Analysis, Claim, Commit, Repository, Triage, Window
    from digest_pipeline.store import Told
    from digest_pipeline.workspace import Workspace


@dataclasses.dataclass(slots=True)
class Judged:
    """What station 3 has for one day before it is stored."""

    commits: list[Commit]
    fact_lines: dict[str, tuple[str, ...]]
    """What the rules found out of each commit, for a model to read."""
    triages: dict[str, Triage]
    analyses: dict[str, Analysis]
    held: frozenset[str]
    """Commits whose importance no model may lower."""
    highlights: Told = ()
    """What a model says of the day as a whole."""


@dataclasses.dataclass(frozen=True, slots=True)
class Analysed:
    """What became of the days of a run."""

    days: dict[dt.date, dict[str, Any]]
    """The figures of each day that is stored."""
    failed: dict[dt.date, Exception]
    commits: int
    pending: int
    stopped: str | None
    """Why the model was not asked any more, from the fixed list of `analyses`."""
    figures: dict[str, float]
    """What asking the models took in the whole run, by name; empty without one."""


def store_analyses(
    workspace: Workspace, repository: Repository, windows: Sequence[Window], *, force: bool, now: int
) -> Analysed:
    """Judge and analyse the commits of some days, and store it all in one transaction.

    A day whose judgement fails is left as it was and named in the result; a model that fails leaves
    its commits pending, with the rules' analysis standing in.
    """
    clone = clone_on_disk(workspace, repository)
    first, last = windows[0].day, windows[-1].day
    by_day: dict[dt.date, list[Commit]] = {window.day: [] for window in windows}
    for commit in workspace.store.commits(repository.name, first, last):
        by_day[commit.day].append(commit)
    judged: dict[dt.date, Judged] = {}
    failed: dict[dt.date, Exception] = {}
    total = sum(map(len, by_day.values()))
    done = 0
    for day, commits in by_day.items():
        try:
            judged[day] = judge_day(workspace, repository, clone.path, units_of(commits))
        except Exception as error:  # noqa: BLE001 - one commit that defeats the rules must not cost the other days
            failed[day] = error
        done += len(commits)
        workspace.progress("judgements", done, total)
    asked = None
    if workspace.settings.analysis.model != "rules":
        from digest_pipeline.model_run import ask_model  # noqa: PLC0415 - only when there is a model

        asked = ask_model(workspace, clone.path, judged, force=force, now=now)
    triages = [triage for day in judged.values() for triage in day.triages.values()]
    analyses = [analysis for day in judged.values() for analysis in day.analyses.values()]
    with workspace.store.together():
        workspace.store.replace_analyses(repository.name, list(judged), triages, analyses)
        told = {day: values.highlights for day, values in judged.items() if values.highlights}
        workspace.store.replace_highlights(repository.name, list(judged), told)
    link_later(workspace, repository, last, [commit for commits in by_day.values() for commit in commits])
    counts = {day: _figures(values) for day, values in judged.items()}
    for day, tally in (asked.tallies if asked else {}).items():
        counts[day] |= tally.figures()
    return Analysed(
        days=counts,
        failed=failed,
        commits=sum(c["commits"] for c in counts.values()),
        pending=sum(c["pending"] for c in counts.values()),
        stopped=asked.stopped if asked else None,
        figures=asked.figures if asked else {},
    )


def judge_day(workspace: Workspace, repository: Repository, clone: Path, commits: Sequence[Commit]) -> Judged:
    """The facts, the judgement and the rules' analysis of the commits of one day."""
    language = workspace.settings.language
    facts: dict[str, Facts] = {}
    orders: dict[str, Claim | None] = {}
    for commit in commits:
        texts = read_texts(clone, commit)
        facts[commit.sha] = facts_of(texts)
        orders[commit.sha] = orders_in(commit, texts, language)
    triages = triage_day(
        [(commit, facts[commit.sha]) for commit in commits],
        areas=repository.areas,
        exclude=repository.exclude,
        weights=workspace.settings.importance,
        originals=originals_of(workspace, repository, commits),
    )
    triages = linked_to_earlier(workspace, repository, commits, triages)
    analyses = {c.sha: analysis_by_rules(c, triages[c.sha], facts[c.sha], language) for c in commits}
    for sha, order in orders.items():
        if order:
            analyses[sha] = dataclasses.replace(analyses[sha], risks=(order, *analyses[sha].risks))
    lines = {sha: tuple(fact_lines(found, language)) for sha, found in facts.items()}
    held = frozenset(c.sha for c in commits if is_held(c, facts[c.sha], triages[c.sha].change_type))
    return Judged(list(commits), lines, triages, analyses, held)


def originals_of(workspace: Workspace, repository: Repository, commits: Sequence[Commit]) -> dict[str, str]:
    """The full SHA of what each revert takes back, where it is known: revert → original."""
    found: dict[str, str] = {}
    for commit in commits:
        hint = revert_hint(commit)
        if hint is None:
            continue
        known = workspace.store.find_originals(
            repository.name,
            shas=hint.shas,
            pr_numbers=hint.pr_numbers,
            subjects=hint.subjects,
            before=commit.landed_at,
        )
        original = next((known[k] for k in _keys(hint) if k in known and known[k] != commit.sha), None)
        if original:
            found[commit.sha] = original
    return found


def linked_to_earlier(
    workspace: Workspace, repository: Repository, commits: Sequence[Commit], triages: dict[str, Triage]
) -> dict[str, Triage]:
    """The triages with the earlier commits that the messages bring back, go on from or mend."""
    relands = {commit.sha: relands_of(commit) for commit in commits}
    follows = {commit.sha: follows_of(commit) for commit in commits}
    named = [references for references in (*relands.values(), *follows.values()) if references]
    if not named:
        return triages
    known = workspace.store.find_originals(
        repository.name,
        shas=sorted({sha for references in named for sha in references.shas}),
        pr_numbers=sorted({number for references in named for number in references.pr_numbers}),
        subjects=sorted({subject for references in named for subject in references.subjects}),
        before=max(commit.landed_at for commit in commits) + 1,
    )
    order = {commit.sha: at for at, commit in enumerate(commits)}
    made = {}
    for sha, triage in triages.items():
        early = {name: it for name, it in known.items() if order.get(it, -1) < order[sha]}
        made[sha] = with_references(triage, relands[sha], follows[sha], early)
    return made


def link_later(
    workspace: Workspace, repository: Repository, last: dt.date, commits: Sequence[Commit]
) -> None:
    """Let what landed after the day `last`, and was judged before, know the commits that it names.

    A number or a subject leads to a commit once that is stored: who digests the newest days first and the
    older ones then would have no links between them.
    """
    store, changed = workspace.store, []
    numbers = sorted({commit.pr_number for commit in commits if commit.pr_number is not None})
    for commit, triage in store.naming(repository.name, last, numbers) if commits else ():
        with store.together():
            original = originals_of(workspace, repository, [commit]).get(commit.sha, triage.reverts)
            known = {commit.sha: dataclasses.replace(triage, reverts=original)}
            made = linked_to_earlier(workspace, repository, [commit], known)[commit.sha]
        if made != triage:
            changed.append(made)
    if changed:
        store.replace_references(repository.name, changed)


def _keys(hint: RevertHint) -> list[str | int]:
    """What a message names of the original, the surest first."""
    return [*hint.shas, *hint.pr_numbers, *hint.subjects]


def _figures(judged: Judged) -> dict[str, Any]:
    tiers = Counter(analysis.tier.value for analysis in judged.analyses.values())
    states = Counter(analysis.state for analysis in judged.analyses.values())
    return {
        "commits": len(judged.analyses),
        "high": tiers["high"],
        "medium": tiers["medium"],
        "low": tiers["low"],
        "pending": states[AnalysisState.PENDING],
        "unverified": sum(analysis.unverified for analysis in judged.analyses.values()),
    }

"""Small pieces of Markdown in the words of a language: badges, meta lines, reasons, threads.

What the templates of several pages share and what needs more than a loop stands here, already
escaped. The words themselves are in `words`.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from digest_pipeline.markdown import Markdown, cell, code, cut, label, link, plain, prose
from digest_pipeline.models import AnalysisState, DayState, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.entries import Entry
    from digest_pipeline.highlights import Highlight
    from digest_pipeline.indexes import IndexDay
    from digest_pipeline.models import Claim, Reason
    from digest_pipeline.pages import Page
    from digest_pipeline.related import Step, Thread
    from digest_pipeline.usual import Compared, Usual
    from digest_pipeline.words import Words

_TITLE, _NAME, _SCOPE, _QUOTE, _SEED = 160, 60, 6, 100, 60
MINUS = "−"


def title(words: Words, entry: Entry, width: int = _TITLE) -> Markdown:
    """The title of an entry, for a heading or a line; what does not fit is in the table of all commits."""
    return cell(cut(plain(entry.title), width)) or words("untitled")


def contents_title(words: Words, entry: Entry, width: int) -> Markdown:
    """The title of an entry as the label of a link."""
    return label(cut(plain(entry.title), width)) or label(words("untitled"))


def seed_title(words: Words, entry: Entry) -> Markdown:
    """The subject as the contents of the seed have it: at most sixty characters."""
    subject = plain(entry.subject)
    return label(subject if len(subject) <= _SEED else f"{subject[: _SEED - 3]}...") or label(
        words("untitled")
    )


def dotted(parts: Iterable[Markdown]) -> Markdown:
    """Parts of a line with dots between them; empty ones are left out."""
    return Markdown(" · ".join(part for part in parts if part))


def sha_link(short: str, url: str | None) -> Markdown:
    """A short SHA, linked to its commit where it has an address."""
    return link(code(short), url)


def pr_link(entry: Entry) -> Markdown:
    """The pull request of an entry, linked; empty when it has none."""
    return link(label(entry.pr_label), entry.pr_url) if entry.pr_label else Markdown("")


def size(entry: Entry) -> Markdown:
    """Lines added and removed, without the number of files."""
    return code(f"+{entry.insertions:,} {MINUS}{entry.deletions:,}")


def meta(words: Words, page: Page, entry: Entry) -> Markdown:
    """The line under a title: SHA, pull request, author, time, size, area, badges."""
    author = cell(cut(plain(entry.author), _NAME))
    files = words("files_short", n=entry.files)
    parts = [sha_link(entry.short, entry.url), pr_link(entry), author, Markdown(entry.time[11:16])]
    return dotted([*parts, size(entry), files, cell(entry.area), *badges(words, page, entry)])


def meta_tail(words: Words, page: Page, entry: Entry) -> Markdown:
    """The meta line without SHA and pull request, which the template `classic` has in the seed's form."""
    author = cell(cut(plain(entry.author), _NAME))
    files = words("files_short", n=entry.files)
    parts = [author, Markdown(entry.time), size(entry), files, cell(entry.area)]
    return dotted([*parts, *badges(words, page, entry)])


def low_line(words: Words, page: Page, entry: Entry) -> Markdown:
    """An entry of low importance in one line."""
    author = cell(cut(plain(entry.author), _NAME))
    state = [words(f"{entry.state}_short")] if entry.state is not AnalysisState.OK else []
    links = [pr_link(entry), sha_link(entry.short, entry.url)]
    kind = words(f"change.{entry.change_type}")
    tail = dotted([*links, kind, author, Markdown(entry.time[11:16]), size(entry), *state])
    return dotted([Markdown(f"{title(words, entry)} — {tail}"), *badges(words, page, entry)])


def badges(words: Words, page: Page, entry: Entry) -> list[Markdown]:
    """What is special about an entry: reverts, series, first contribution, a merge of many commits."""
    made = list(_revert_badges(words, page, entry))
    if entry.series:
        made.append(words("series_badge", part=entry.series))
    if entry.newcomer:
        made.append(words("first_contribution"))
    if entry.lands is not None:
        made.append(words("lands", n=entry.lands))
    return made


def _revert_badges(words: Words, page: Page, entry: Entry) -> Iterable[Markdown]:
    others = [(thread, step) for thread in page.threads for step in thread.steps if step.sha == entry.sha]
    for thread, own in others:
        if thread.kind != "revert":
            continue
        at = thread.steps.index(own)
        if own.role != "landed":
            yield words("revert_of", what=step_link(thread.steps[at - 1]))
        if at + 1 < len(thread.steps):
            later = thread.steps[at + 1]
            when = later.time[11:16] if later.same_day else later.time[:10]
            yield words("reverted_by", what=step_link(later), when=when)
    if entry.reverts and not any(thread.kind == "revert" for thread, _ in others):
        yield words("revert_of", what=cell(cut(plain(entry.reverts), _NAME)))


def step_link(step: Step, base: str = "") -> Markdown:
    """A commit of a thread by its pull request or SHA, linked to where it is told.

    `base` is the path of the page when the link stands on another one.
    """
    href = f"{base}{step.href}" if step.href and step.href.startswith("#") else step.href
    return link(label(step.pr_label) if step.pr_label else code(step.short), href)


def thread_line(words: Words, thread: Thread, width: int = _TITLE, base: str = "") -> Markdown:
    """A thread in one line: who did what when, and what is left of it."""
    subject = cell(cut(plain(thread.steps[0].subject), width))
    told = []
    for step in thread.steps:
        when = step.time[11:16] if step.same_day else step.time[:10]
        key = f"thread_{step.role}" if thread.kind == "revert" else "thread_part"
        told.append(words(key, what=step_link(step, base), when=when, part=step.role))
    effect = words(f"effect_{thread.effect}") if thread.effect else Markdown("")
    return dotted([Markdown(f"{subject}{words.colon}{' → '.join(told)}"), effect])


def highlight_line(words: Words, highlight: Highlight, base: str = "") -> Markdown:
    """One bullet of the highlights; `base` is the path of the page when it stands on another one."""
    if highlight.thread is not None:
        return Markdown(f"⟲ {thread_line(words, highlight.thread, 40, base)}")
    area = Markdown(f"**{cell(highlight.area)}**{words.colon}") if highlight.area else ""
    where = link(label(highlight.label), f"{base}#{highlight.anchor}")
    return Markdown(f"{area}{prose(highlight.sentence)} {where}")


def importance(words: Words, entry: Entry) -> Markdown:
    """The tier with the named reasons of its score, and who moved it."""
    reasons = words.joined(reason(r) for r in entry.reasons)
    said = [words(f"tier.{entry.tier}"), reasons]
    if entry.tier is not entry.rules_tier:
        before, after = words(f"tier.{entry.rules_tier}"), words(f"tier.{entry.tier}")
        why = prose(entry.reason or "")
        moved = words("moved", before=before, after=after)
        said.append(Markdown(f"{moved}{words.colon}{why}") if why else moved)
    return Markdown(" — ".join(part for part in said if part))


def reason(part: Reason) -> Markdown:
    """One named part of a score: its name, how often, and its points."""
    count = f" ×{part.count}" if part.count is not None and part.count > 1 else ""
    points = f"{part.points:+g}".replace("-", MINUS)
    return Markdown(f"{cell(part.code)}{count} {points}")


def scope(words: Words, entry: Entry, most: int = _SCOPE) -> Markdown:
    """The paths that an entry touches, as code; how many they are when not all are shown."""
    shown = words.joined(code(path) for path in entry.scope[:most])
    more = len(entry.scope) - most
    return Markdown(f"{shown} {words('scope_more', n=len(entry.scope))}") if more > 0 else shown


def notes(words: Words, entry: Entry) -> list[Markdown]:
    """What a reader must know of an analysis: that it is pending, partly unverified or incomplete."""
    made = []
    if entry.state is not AnalysisState.OK:
        made.append(words(str(entry.state)))
    if entry.unverified:
        made.append(words("unverified", n=entry.unverified))
    if entry.coverage < 1:
        made.append(words("coverage", percent=int(100 * entry.coverage)))
    return made


def insight_lines(words: Words, entry: Entry) -> list[Markdown]:
    """The technical insights that there are, one line each."""
    insights = entry.insights
    kinds = (
        ("architecture", insights.architecture),
        ("performance", insights.performance),
        ("security", insights.security),
    )
    return [Markdown(f"**{words(key)}**{words.colon}{prose(said)}") for key, said in kinds if said]


def claim(words: Words, said: Claim) -> Markdown:
    """A statement and its ground: the file, and what stands there when it is short."""
    ground = [code(said.file)] if said.file else []
    if said.quote and len(said.quote) <= _QUOTE:
        ground.append(code(said.quote))
    made = prose(said.text)
    return Markdown(f"{made}{words('open')}{words.colon.join(ground)}{words('close')}") if ground else made


def folded_title(words: Words, entry: Entry) -> Markdown:
    """What an entry has folded away, as the caption of the fold."""
    parts = []
    if insight_lines(words, entry):
        parts.append(Markdown(f"🔍 {words('insights')}"))
    if entry.risks:
        parts.append(Markdown(f"⚠️ {words('risks')}{words('open')}{len(entry.risks)}{words('close')}"))
    return dotted(parts)


def navigation(words: Words, page: Page) -> Markdown:
    """Links to the tiers of a page, with how many entries each has."""
    tiers = [(tier, len(page.of_tier(tier))) for tier in Tier]
    return dotted(link(Markdown(f"{words(f'tier.{tier}')} {n}"), f"#{tier}") for tier, n in tiers if n)


def names(words: Words, people: Iterable[str], most: int = 12) -> Markdown:
    """Names of people, at most so many."""
    everybody = [cell(cut(plain(name), _NAME)) for name in people]
    more = [Markdown("…")] if len(everybody) > most else []
    return words.joined([*everybody[:most], *more])


def moment(iso: str) -> Markdown:
    """`2026-02-18 00:00 +08:00` of a moment in ISO 8601."""
    return Markdown(dt.datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M ") + iso[-6:])


def usual_line(words: Words, usual: Usual) -> Markdown:
    """The day against the median of the days before it."""

    def told(key: str, compared: Compared) -> Markdown:
        return words(key, value=compared.value, median=compared.median)

    figures = [
        told("usual_commits", usual.commits),
        told("usual_lines", usual.lines),
        told("usual_authors", usual.authors),
        told("usual_high", usual.high),
    ]
    return Markdown(f"{words('usual', days=usual.days)}{words.colon}{dotted(figures)}")


def merge_links(page: Page) -> Markdown:
    """The merge commits in one line, each with its anchor."""
    made = []
    for merge in page.merges:
        subject = cell(cut(plain(merge.subject), _NAME))
        made.append(Markdown(f'<a id="{merge.anchor}"></a>{sha_link(merge.short, merge.url)} {subject}'))
    return dotted(made)


def footer_lines(words: Words, page: Page) -> list[Markdown]:
    """Where a page comes from, one line a subject."""
    footer = page.footer
    span = words("span", start=moment(page.start), end=moment(page.end), zone=page.zone)
    lines = [Markdown(f"{words('window')}{words.colon}{span}")]
    if page.first_sha and page.last_sha:
        first, last = sha_link(page.first_sha[:7], page.first_url), sha_link(page.last_sha[:7], page.last_url)
        compare = link(words("compare"), page.compare_url) if page.compare_url else Markdown("")
        branch = Markdown(f"{words('branch')} {code(page.branch)}") if page.branch else Markdown("")
        lines.append(dotted([branch, Markdown(f"{words('range')}{words.colon}{first} → {last}"), compare]))
    source = words("rules") if page.model == "rules" else code(page.model)
    told = [Markdown(f"{words('model')}{words.colon}{source}")]
    if footer.prompt_version is not None:
        told.append(words("prompt", version=footer.prompt_version))
    if footer.cached is not None:
        told.append(words("cached", n=footer.cached))
    if footer.tokens_in is not None:
        told.append(words("tokens", tokens_in=footer.tokens_in, tokens_out=footer.tokens_out or 0))
    if footer.cost_usd is not None:
        told.append(words("cost", cost=f"{footer.cost_usd:.4f}"))
    if page.pending:
        told.append(words("waiting", n=page.pending))
    data = link(Markdown("JSON"), f"{page.day.isoformat()}.json")
    return [*lines, dotted([*told, data])]


def index_cells(day: IndexDay) -> Markdown:
    """The repositories of one day in one cell of the index: linked, with how many commits each has."""
    made = []
    for linked in day.records:
        record = linked.record
        name = link(label(record.repo), linked.address)
        mark = " ⚠️" if record.state is DayState.PARTIAL else ""
        made.append(Markdown(f"{name} {record.commits}{mark}"))
    return dotted(made)

"""Lines about a page as a whole in the words of a language: highlights, threads, usual, footer.

Ready-made Markdown for the templates, already escaped; what is said of one entry is in `phrases`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import DayState, Tier
from digest_pipeline.page.markdown import Markdown, cell, code, cut, label, link, plain, prose
from digest_pipeline.page.phrases import NAME, TITLE, dotted, sha_link, step_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from digest_pipeline.page.chains import Thread
    from digest_pipeline.page.highlights import Highlight
    from digest_pipeline.page.indexes import IndexDay
    from digest_pipeline.page.usual import Compared, Usual
    from digest_pipeline.page.words import Words
    from digest_pipeline.pages import Page

MOST_CITED = 3
"""Links of one highlight."""


def navigation(words: Words, page: Page) -> Markdown:
    """Links to the tiers of a page, with how many entries each has."""
    tiers = [(tier, len(page.of_tier(tier))) for tier in Tier]
    return dotted(link(Markdown(f"{words(f'tier.{tier}')} {n}"), f"#{tier}") for tier, n in tiers if n)


def highlight_line(words: Words, highlight: Highlight, base: str = "") -> Markdown:
    """One bullet of the highlights; `base` is the path of the page when it stands on another one."""
    if highlight.thread is not None:
        return Markdown(f"⟲ {thread_line(words, highlight.thread, 40, base)}")
    area = Markdown(f"**{cell(highlight.area)}**{words.colon}") if highlight.area else ""
    where = " ".join(
        link(label(cited.label), f"{base}#{cited.anchor}") for cited in highlight.cited[:MOST_CITED]
    )
    return Markdown(f"{area}{prose(highlight.sentence)} {where}")


def thread_line(words: Words, thread: Thread, width: int = TITLE, base: str = "") -> Markdown:
    """A thread in one line: who did what when, and what is left of it."""
    subject = cell(cut(plain(thread.steps[0].subject), width))
    told = []
    for step in thread.steps:
        when = step.time[11:16] if step.same_day else step.time[:10]
        key = "thread_part" if thread.kind == "series" else f"thread_{step.role}"
        told.append(words(key, what=step_link(step, base), when=when, part=step.role))
    effect = words(f"effect_{thread.effect}") if thread.effect else Markdown("")
    return dotted([Markdown(f"{subject}{words.colon}{' → '.join(told)}"), effect])


def names(words: Words, people: Iterable[str], most: int = 12) -> Markdown:
    """Names of people, at most so many."""
    everybody = [cell(cut(plain(name), NAME)) for name in people]
    more = [Markdown("…")] if len(everybody) > most else []
    return words.joined([*everybody[:most], *more])


def moment(iso: str) -> Markdown:
    """`2026-02-18 00:00 +08:00` of a moment in ISO 8601."""
    return Markdown(dt.datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M ") + iso[-6:])


def window(words: Words, page: Page) -> Markdown:
    """The day's window: in short where it is a day of 24 hours, else from its first to its last moment."""
    start, end = dt.datetime.fromisoformat(page.start), dt.datetime.fromisoformat(page.end)
    if end - start == dt.timedelta(days=1) and start.time() == end.time() == dt.time():
        key = "span_utc" if page.zone == "UTC" else "span_short"
        return words(key, zone=page.zone, offset=page.start[-6:])
    return words("span", start=moment(page.start), end=moment(page.end), zone=page.zone)


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
        subject = cell(cut(plain(merge.subject), NAME))
        made.append(Markdown(f'<a id="{merge.anchor}"></a>{sha_link(merge.short, merge.url)} {subject}'))
    return dotted(made)


def footer_lines(words: Words, page: Page) -> list[Markdown]:
    """Where a page comes from, one line a subject."""
    footer = page.footer
    span = words("span", start=moment(page.start), end=moment(page.end), zone=page.zone)
    lines = [Markdown(f"{words('window')}{words.colon}{span}")]
    if page.range:
        first = sha_link(page.range.first_sha[:7], page.range.first_url)
        last = sha_link(page.range.last_sha[:7], page.range.last_url)
        compare = link(words("compare"), page.range.compare_url) if page.range.compare_url else Markdown("")
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


def unbroken(words: Markdown) -> Markdown:
    """Words of ours that stay on one line in a narrow column of a table, Chinese ones too."""
    return Markdown(re.sub(r"(?<=\S)(?=[\u3400-\u9fff])", "\u2060", words.replace(" ", "\u00a0")))


def state_reason(words: Words, reason: str) -> Markdown:
    """Why a day is not complete: in words where the reason has some, else as it is."""
    known = words.table["day_reason"].get(reason)
    return Markdown(known) if known else cell(reason)

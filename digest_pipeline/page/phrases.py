"""What is said of one entry in the words of a language: title, meta line, badges, reasons, fields.

Ready-made Markdown for the templates, already escaped. The words themselves are in `words`, what is
said of a whole page is in `page_lines`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.model.injections import NOTE
from digest_pipeline.models import AnalysisState
from digest_pipeline.page.highlights import RULES, bare_title, first_sentence, taken_apart
from digest_pipeline.page.markdown import Markdown, cell, code, cut, label, link, plain, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digest_pipeline.models import Claim, Reason
    from digest_pipeline.page.chains import Step
    from digest_pipeline.page.entries import Entry
    from digest_pipeline.page.words import Words
    from digest_pipeline.pages import Page

TITLE, NAME = 160, 60
"""Columns of a title and of a name; what does not fit is in the table of all commits."""
_SCOPE, _QUOTE, _SEED = 4, 100, 60
_LATER = 3
"""Commits that a badge names; the thread has them all."""
MINUS = "−"


def anchors(entry: Entry) -> Markdown:
    """The anchors of an entry; their names are made of hexadecimal digits."""
    return Markdown("".join(f'<a id="{name}"></a>' for name in (entry.anchor, *entry.aliases)))


def title(words: Words, entry: Entry, width: int = TITLE) -> Markdown:
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


def seed_line(words: Words, entry: Entry) -> Markdown:
    """The line under a title as the seed has it, with the pull request added."""
    commit = [Markdown(f"🔗 {link(words('view_commit'), entry.url)}")] if entry.url else []
    request = [pr_link(entry)] if entry.pr_label else []
    return Markdown(" | ".join([f"**SHA**: {code(entry.short)}", *commit, *request]))


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
    return Markdown(f"+{entry.insertions:,}\u00a0{MINUS}{entry.deletions:,}")


def meta(words: Words, page: Page, entry: Entry) -> Markdown:
    """The line under a title: SHA, pull request, author, time, size, area, badges."""
    author = cell(cut(plain(entry.author), NAME))
    files = words("files_short", n=entry.files)
    parts = [sha_link(entry.short, entry.url), pr_link(entry), author, Markdown(entry.time[11:16])]
    return dotted([*parts, size(entry), files, cell(entry.area), *badges(words, page, entry)])


def meta_tail(words: Words, page: Page, entry: Entry) -> Markdown:
    """The meta line without SHA and pull request, which the template `classic` has in the seed's form."""
    author = cell(cut(plain(entry.author), NAME))
    files = words("files_short", n=entry.files)
    parts = [author, Markdown(entry.time), size(entry), files, cell(entry.area)]
    return dotted([*parts, *badges(words, page, entry)])


def low_line(words: Words, page: Page, entry: Entry) -> Markdown:
    """An entry of low importance in one line."""
    author = cell(cut(plain(entry.author), NAME))
    state = [words(f"{entry.state}_short")] if entry.state is not AnalysisState.OK else []
    links = [pr_link(entry), sha_link(entry.short, entry.url)]
    kind = words(f"change.{entry.change_type}")
    tail = dotted([*links, kind, author, Markdown(entry.time[11:16]), size(entry), *state])
    said = prose(first_sentence(entry.summary)) if entry.source != RULES else Markdown("")
    head = Markdown(f"{title(words, entry)}{words.colon}{said}") if said else title(words, entry)
    return dotted([Markdown(f"{head} — {tail}"), *badges(words, page, entry), *_coverage(words, entry)])


def _coverage(words: Words, entry: Entry) -> list[Markdown]:
    """How much of a change its analysis has seen, when that is not all."""
    return [words("coverage", percent=int(100 * entry.coverage))] if entry.coverage < 1 else []


def badges(words: Words, page: Page, entry: Entry) -> list[Markdown]:
    """What is special about an entry: its threads, first contribution, a merge of many commits."""
    made = list(_thread_badges(words, page, entry))
    if entry.series:
        made.append(words("series_badge", part=entry.series))
    if any(risk.text in NOTE.values() for risk in entry.risks):
        made.append(words("orders"))
    if entry.newcomer:
        made.append(words("first_contribution"))
    if entry.lands is not None:
        made.append(words("lands", n=entry.lands))
    return made


_BADGES = {
    "reverted": ("revert_of", "reverted_by"),
    "relanded": ("reland_of", "relanded_by"),
    "followed": ("followup_of", "followed_by"),
}
"""Role of a step → what it says of its targets, and what they say of it."""


def _thread_badges(words: Words, page: Page, entry: Entry) -> Iterable[Markdown]:
    mine = [thread for thread in page.threads if any(step.sha == entry.sha for step in thread.steps)]
    for thread in mine:
        for step in thread.steps:
            if step.sha == entry.sha and step.role in _BADGES:
                targets = [other for other in thread.steps if other.sha in step.targets]
                what = words.joined(step_link(other) for other in _meant(step, targets))
                yield words(_BADGES[step.role][0], what=what)
        later = [step for step in thread.steps if entry.sha in step.targets and step.role in _BADGES]
        for step in later[:_LATER]:
            when = step.time[11:16] if step.same_day else step.time[:10]
            yield words(_BADGES[step.role][1], what=step_link(step), when=when)
        if len(later) > _LATER:
            yield Markdown(f"+{len(later) - _LATER}")
    if entry.reverts and not any(thread.kind == "revert" for thread in mine):
        yield words("revert_of", what=cell(cut(plain(entry.reverts), NAME)))


def _meant(step: Step, targets: Sequence[Step]) -> Sequence[Step]:
    """The targets that a badge names: a reland brings back the original, the revert is only in its way."""
    originals = [other for other in targets if other.role == "landed"]
    return (originals if step.role == "relanded" and originals else targets)[:_LATER]


def step_link(step: Step, base: str = "") -> Markdown:
    """A commit of a thread by its pull request or SHA, linked to where it is told.

    `base` is the path of the page when the link stands on another one.
    """
    href = f"{base}{step.href}" if step.href and step.href.startswith("#") else step.href
    return link(label(step.pr_label) if step.pr_label else code(step.short), href)


def summary(words: Words, entry: Entry) -> Markdown:
    """The summary; that of the rules without what the title above it and the fields around it say."""
    if entry.source != RULES:
        return prose(entry.summary)
    told = {_bare(sentence) for sentence in (*entry.behaviour, bare_title(entry))}
    about, join, facts = taken_apart(words, entry.summary)
    rest = str(words.table["stop"]).join(fact for fact in facts if _bare(fact) not in told)
    if told & {_bare(about), _bare(entry.summary)}:
        return prose(rest[:1].upper() + rest[1:] if _bare(entry.summary) not in told else "")
    return prose(f"{about}{join}{rest}" if rest else about)


def _bare(sentence: str) -> str:
    """A sentence as the same one is recognized: without its stop and marks, small and large letters alike."""
    return re.sub(r"[`「」]", "", sentence).strip().rstrip(".。").casefold()


def importance(words: Words, entry: Entry, most: int | None = None) -> Markdown:
    """The tier with the named reasons of its score, the `most` heaviest, and who moved it."""
    named = [reason(words, r) for r in entry.reasons]
    reasons = words.joined(named if most is None or len(named) <= most else [*named[:most], Markdown("…")])
    said = [words(f"tier.{entry.tier}"), reasons]
    if entry.tier is not entry.rules_tier:
        before, after = words(f"tier.{entry.rules_tier}"), words(f"tier.{entry.tier}")
        why = prose(entry.reason or "")
        moved = words("moved", before=before, after=after)
        said.append(Markdown(f"{moved}{words.colon}{why}") if why else moved)
    return Markdown(" — ".join(part for part in said if part))


def reason(words: Words, part: Reason) -> Markdown:
    """One named part of a score: its name, how often or how much, and its points."""
    name, count = words.reasons.get(part.code, part.code), part.count or 1
    times = f" ×{count:,}" if count > 1 and "{n}" not in name else ""
    points = f"{part.points:+g}".replace("-", MINUS)
    return Markdown(f"{cell(name.replace('{n}', f'{count:,}'))}{times} {points}")


def scope(words: Words, entry: Entry, most: int = _SCOPE) -> Markdown:
    """The paths that an entry touches, as code; how many they are when not all are shown."""
    shown = words.joined(code(path) for path in entry.scope[:most])
    more = len(entry.scope) - most
    return Markdown(f"{shown} {words('scope_more', n=len(entry.scope))}") if more > 0 else shown


def notes(words: Words, entry: Entry) -> list[Markdown]:
    """What a reader must know of an analysis: that it is pending, partly unverified or incomplete."""
    made = []
    if entry.state is not AnalysisState.OK:
        why = cell(words.pending.get(entry.reason or "", entry.reason or ""))
        said = words(str(entry.state))
        made.append(Markdown(f"{said}{words('open')}{why}{words('close')}") if why else said)
    if entry.unverified:
        made.append(words("unverified", n=entry.unverified))
    made += _coverage(words, entry)
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


def folded_title(words: Words, insights: int, risks: int, more: int) -> Markdown:
    """What an entry has folded away, as the caption of the fold; `more` are changes of behaviour."""
    told = [
        (more, f"🔀 {words('behaviour')}{words('open')}+{more}{words('close')}"),
        (insights, f"🔍 {words('insights')}"),
        (risks, f"⚠️ {words('risks')}{words('open')}{risks}{words('close')}"),
    ]
    return dotted(Markdown(caption) for count, caption in told if count)

"""What a commit's message says by itself: tags, scope, type, series, reverts, its first sentence.

Pure text work on untrusted messages: every pattern is linear in the length, and the subject is cut
before it is read. What the diff says is not known here (see `facts` and `triage`).

Sources: conventionalcommits.org 1.0.0; git's own `Revert "…"` and `Reapply "…"` (git-revert(1));
the habits of the 768 recorded commits.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.models import ChangeType
from digest_pipeline.rules import vocabulary

if TYPE_CHECKING:
    from digest_pipeline.models import Commit

_LONGEST = 600
_REPO_PR = r"(?:[\w.-]+/[\w.-]+)?[#!]\d+"
_TAIL_PR = re.compile(
    rf"\s*\((?:(?:PR|MR|closes|fixes)\s+)?{_REPO_PR}(?:,?\s*{_REPO_PR})*\)\s*$", re.IGNORECASE
)
_FIXES_ISSUE = re.compile(rf"\bfix(?:es|ed)?:?\s+(?:issue\s+)?{_REPO_PR}\W*$", re.IGNORECASE)
_SERIES = re.compile(
    r"(?:[\[(（]|\bpart\s)[^\[\]()（）]{0,20}?\b(\d{1,2})\s*/\s*(\d{1,2}|[nx])\s*(?:[\])）:]|$)",
    re.IGNORECASE,
)
_TAG = re.compile(r"^\s*(?:\[([^\[\]]{1,60})\]|【([^【】]{1,60})】)\s*[:：,-]*\s*")
_EMOJI = re.compile(
    r"^(?:\s*(?::[a-z0-9_+-]+:|[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF\uFE0F\u200D])\s*)+"
)
_PREFIX = re.compile(
    r"^((?:[\w./&+| -]|::){1,40}?)\s*(?:[\(（]([^()（）]{0,80})[\)）])?\s*(!)?\s*[:：](?!:)\s*(?=\S)"
)
_TICKET = re.compile(
    r"^(?!(?:UTF|SHA|ISO|RFC|MD|CVE|AES|RSA|ECMA|HTTP|TLS|PEP|ABI|GPT|GLM|GHSA)-)[A-Z][A-Z0-9]{1,9}-\d{2,7}[:,]?\s+(?=\S)"
)
"""The number that a tracker of issues gives: `KTOR-9302 Include …`."""
_DASHED = re.compile(r"^([A-Z][\w./&+]{1,20}) [-–] (?=[A-Z][a-z]+ \S)")
"""An area before a dash: `Python - Update …`."""
_BRANCH = re.compile(
    r"^(feature|feat|bugfix|hotfix|fix|refactor|perf|docs?|chore|tests?)/(?=\w)", re.IGNORECASE
)
_REVERT = re.compile(r"^(?:revert(?:s|ed|ing)?|back\s?out|backed out|roll\s?back)\b[\s:：]*", re.IGNORECASE)
_REAPPLY = re.compile(r'^(?:re-?land|re-?apply|re-?submit)\b[\s:：]*(?=["“\'])', re.IGNORECASE)


_KIND_OF_EMOJI = {
    emoji: kind
    for kind, marks in {
        ChangeType.FEATURE: "✨🎉🚸♿",
        ChangeType.FIX: "🐛🚑🩹🥅",
        ChangeType.PERF: "⚡",
        ChangeType.REFACTOR: "♻🎨🔥🚚🏗⚰🗑🚨",
        ChangeType.DOCS: "📝💡✏🌐📄",
        ChangeType.TEST: "✅🧪",
        ChangeType.BUILD: "⬆⬇📌➕➖📦",
        ChangeType.CI: "👷💚",
        ChangeType.SECURITY: "🔒",
        ChangeType.RELEASE: "🔖",
    }.items()
    for emoji in marks
}


def _emoji_kind(subject: str) -> ChangeType | None:
    """The type that a leading emoji stands for, as gitmoji.dev lists them."""
    return _KIND_OF_EMOJI.get(subject.lstrip()[:1])


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A subject line, taken apart."""

    text: str
    """What is left without tags, prefix and the trailing pull request."""
    tags: tuple[str, ...]
    """`[Tag]`s and the scope of a prefix, as written, in order."""
    kinds: tuple[ChangeType, ...]
    """What prefix and tags say of the type, the prefix first."""
    breaking: bool
    series: str | None
    is_revert: bool
    quoted: str | None
    """The quoted subject of a revert or reland."""
    is_reland: bool
    hint: ChangeType | None = None
    """What a leading emoji or `(fixes #12)` at the end says of the type; any telling verb says it better."""


@dataclasses.dataclass(frozen=True, slots=True)
class RevertHint:
    """What a revert's message says of the commit that it undoes; a reland undoes the revert."""

    shas: tuple[str, ...]
    """Full or abbreviated, lower case."""
    pr_numbers: tuple[int, ...]
    subjects: tuple[str, ...]
    """Quoted subjects, with and without their own `(#123)`."""


_CUT = ("…", "...")
_MERGE = re.compile(
    r"^Merge (pull request [#!]\d+|branch '|remote-tracking branch|tag '|[#!]?\d+ )", re.IGNORECASE
)


def subject_of(commit: Commit) -> Subject:
    """The subject taken apart; a merge that only names its branch speaks by its body's first line."""
    if _MERGE.match(commit.subject):
        first = next((line.strip() for line in commit.body[:2000].splitlines() if line.strip()), "")
        if first and not first.startswith(("#", "*", "Conflicts", "See merge request")):
            return parse_subject(first)
    # GitHub cuts long titles and goes on below
    rest = commit.body[:_LONGEST].partition("\n")[0].strip()
    is_cut = commit.subject.endswith(_CUT) and rest.startswith(_CUT)
    return parse_subject(commit.subject.rstrip("….") + rest.lstrip("….") if is_cut else commit.subject)


def parse_subject(line: str) -> Subject:
    """Take a subject line apart; any text is accepted, what is beyond 600 characters is ignored."""
    text = _EMOJI.sub("", " ".join(line[:_LONGEST].split()))
    text = _DASHED.sub(r"\1: ", _TICKET.sub("", text))
    series = _SERIES.search(text)
    bare = _without_pr(text)
    tags, kinds, breaking = [], [], False
    found = True
    while found and bare:
        bare, found = _take_tag(bare, tags, kinds)
        prefix = _PREFIX.match(bare)
        if prefix and (says := _prefix(prefix, bare[prefix.end() :])) is not None:
            tags.extend(says[0])
            kinds[:0] = says[1]
            breaking = breaking or bool(prefix[3])
            bare, found = bare[prefix.end() :], True
    bare = _EMOJI.sub("", bare).strip()
    if (branch := _BRANCH.match(bare)) and (kind := vocabulary.tag_kind(branch[1])):
        kinds.append(kind)
        bare = bare[branch.end() :]
    is_revert, is_reland = bool(_REVERT.match(bare)), bool(_REAPPLY.match(bare))
    if ChangeType.REVERT in kinds and not is_reland:
        is_revert = True
    return Subject(
        text=bare.rstrip(" :：") or bare or text,
        tags=tuple(tags),
        kinds=tuple(dict.fromkeys(kinds)),
        breaking=breaking or bool(re.match(r"BREAKING\b", line)),
        series=_series(series),
        is_revert=is_revert,
        quoted=_quoted(bare) if is_revert or is_reland else None,
        is_reland=is_reland,
        hint=_emoji_kind(line) or (ChangeType.FIX if _mends_issue(line[:_LONGEST]) else None),
    )


def _mends_issue(line: str) -> bool:
    return bool(_FIXES_ISSUE.search(line) or _FIXES_ISSUE.search(_without_pr(line)))


def _without_pr(text: str) -> str:
    while match := _TAIL_PR.search(text):
        text = text[: match.start()]
    return text


def _take_tag(bare: str, tags: list[str], kinds: list[ChangeType]) -> tuple[str, bool]:
    match = _TAG.match(bare)
    if match is None:
        return bare, False
    tag = (match[1] or match[2] or "").strip()
    if not _SERIES.search(match[0]):
        is_verb = tag.lower() in vocabulary.CLEAR_WORDS  # `[Add] …`
        kind = vocabulary.tag_kind(tag) or (vocabulary.verb_kind(tag) if is_verb else None)
        if kind is not None:
            kinds.append(kind)
        tags.append(tag)
    return bare[match.end() :], True


def _prefix(match: re.Match[str], rest: str) -> tuple[list[str], list[ChangeType]] | None:
    """(tags, types) of `type(scope)!:` or `area:`; None where the colon ends ordinary words."""
    word, scope = match[1].strip(), (match[2] or "").strip()
    pieces = [vocabulary.tag_kind(p) for p in re.split(r"[&/+|]|\band\b", word)]
    kinds = [k for k in pieces if k is not None]
    if kinds and len(kinds) == len(pieces):
        about = ChangeType.BUILD if vocabulary.DEPENDENCIES.fullmatch(scope) else None
        return ([scope] if scope else []), [about, *kinds] if about else kinds
    words, then = word.split(), rest.split(maxsplit=1)
    is_area = len(words) == 1 and bool(then) and vocabulary.is_verb(then[0].lower())  # `cache: add …`
    if len(words) > 3 or (not is_area and vocabulary.is_verb(words[0] if words else "")):  # noqa: PLR2004 - an area has at most three words
        return None
    return [word, *([scope] if scope else [])], kinds


def _series(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    number, total = int(match[1]), match[2]
    if not total.isdigit():
        return f"{number}/"
    return f"{number}/{int(total)}" if 1 <= number <= int(total) and int(total) > 1 else None


def _quoted(text: str) -> str | None:
    """The text between the first and the last quotation mark."""
    match = re.search(r"[\"“](.+)[\"”]", text) or re.search(r"(?:^|\s)'(.+)'(?:\s|$)", text)
    return match[1].strip() if match else None


def revert_hint(commit: Commit) -> RevertHint | None:
    """What the message says of the commit that this one undoes; None if it says nothing.

    Reads `Revert "…"`, `Revert "Revert "…""`, `revert: …`, `Reland "…"`, `This reverts commit <sha>`,
    `Reverts owner/name#123`, `Revert #123`. A reland undoes the revert, so its hint is `Revert "…"`.
    """
    subject = parse_subject(commit.subject)
    body = commit.body[:20_000]
    if not (subject.is_revert or subject.is_reland or _REVERTS_LINE.search(body)):
        return None
    shas = [m.lower() for m in _shas(commit.subject, body)]
    numbers = [int(n) for m in _REVERTS_PR.finditer(body) for n in re.findall(r"[#!](\d{1,9})", m[0])]
    subjects: list[str] = []
    if subject.quoted is not None:
        subjects = [subject.quoted, _without_pr(subject.quoted)]
        if subject.is_reland:
            subjects = [f'Revert "{s}"' for s in subjects]
        else:
            tail = _TAIL_PR.search(subject.quoted)
            numbers += [int(n) for n in re.findall(r"[#!](\d{1,9})", tail[0])] if tail else []
    elif subject.is_revert:
        rest = _REVERT.sub("", subject.text)
        numbers += [int(n) for n in re.findall(r"(?:^|\b(?:PR|MR|of)\s*|\s)[#!](\d{1,9})\b", rest)]
        subjects = [rest] if rest and len(rest.split()) > 1 and not numbers and not shas else []
    numbers = [n for n in dict.fromkeys(numbers) if n != commit.pr_number]
    hint = RevertHint(tuple(dict.fromkeys(shas)), tuple(numbers), tuple(dict.fromkeys(subjects)))
    return hint if hint.shas or hint.pr_numbers or hint.subjects else None


_SHA = r"\b[0-9a-fA-F]{7,40}\b"
_REVERTS_LINE = re.compile(
    r"^\W{0,3}(?:this\s+)?(?:reverts?|reverting|backs? out|undoes)\s+"
    r"(?:(?:the|git|pr|mr|pull request|commits?|changes?)\s+){0,3}"
    rf"(?:{_SHA}|{_REPO_PR}|https?://)",
    re.IGNORECASE | re.MULTILINE,
)
_REVERTS_PR = re.compile(
    rf"^\W{{0,3}}(?:this\s+)?reverts?\s+(?:(?:pr|mr|pull request)\s+)?{_REPO_PR}",
    re.IGNORECASE | re.MULTILINE,
)
_REVERTS_SHAS = re.compile(
    rf"revert(?:s|ed|ing)?\s+(?:(?:the|git|commits?|changes?|in|of)\s+){{0,3}}((?:{_SHA}[\s,;]*(?:and\s+)?(?:\([^()\n]*\)\s*)?)+)",
    re.IGNORECASE,
)
_COMMIT_LINK = re.compile(rf"reverts?\b[^\n]{{0,40}}?/commit/({_SHA})", re.IGNORECASE)


def _shas(subject: str, body: str) -> list[str]:
    found: list[str] = []
    for text in (body, subject):
        for match in _REVERTS_SHAS.finditer(text):
            found += re.findall(_SHA, re.sub(r"\([^()\n]*\)", " ", match[1]))
        found += _COMMIT_LINK.findall(text)
    return [f for f in found if re.search(r"\d", f)]


def prose_of(body: str) -> str:
    """The part of a message that a person wrote: without comments, checklists, trailers and quotes."""
    lines = without_comments(body[:8000]).splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*([-*] \[[ xX]\]|>|[\w-]+-by:|```)", line))


def without_comments(body: str) -> str:
    """A message without what its form says to who fills it in."""
    return re.sub(r"<!--.*?(-->|$)", " ", body, flags=re.DOTALL)

"""Sentences of a model against the evidence: names, figures, acronyms, absences, language. Pure.

A sentence that states what the commit does not show is left out; a name that stands nowhere loses its
backticks and is counted. What is looked for are the faults that were counted in 14,723 analyses of the
tool that this one replaces: invented figures, acronyms expanded wrongly, things said to be missing from a
part of a file, searches that nobody made, and sign-offs.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from digest_pipeline.model.figures import figures

if TYPE_CHECKING:
    from digest_pipeline.model.evidence import Evidence

_SENTENCE_END = re.compile(r"(?<=[。！？；])|(?<=[.!?;])\s+(?=[A-Z0-9`\"'(])")
_NAME = re.compile(r"`+([^`]+)`+")
_EXPANSION = re.compile(r"\b([A-Z][A-Z0-9]{1,7})\s*[(（]([^()（）]{3,80})[)）]", re.ASCII)
_ABBREVIATION = re.compile(
    r"((?:[A-Z]\w+[ ‑-]){1,6}(?:[A-Z]\w*)?)\s*[(（]([A-Z][A-Z0-9]{1,7})[)）]", re.ASCII
)
_ABSENT = re.compile(
    r"缺少|缺失|遗漏|没有(?:导入|定义|测试|处理|检查)|未(?:导入|定义|声明|测试|处理|检查|覆盖)|无测试"
    r"|\b(?:is|are|was) (?:missing|undefined|not (?:defined|imported|tested|handled|checked))"
    r"|\bmissing (?:it\b|(?:\w+ )?(?:imports?|tests?|checks?|validation|definitions?|handling)\b)"
    r"|\black(?:s|ing)\b|\bno (?:tests?|imports?|checks?|validation)\b"
    r"|\bwithout (?:tests?|importing|defining|checking|validation)\b"
    r"|\bdoes(?: not|n't) (?:define|import|handle|check|test|validate)",
    re.IGNORECASE,
)
_MENDED = re.compile(
    r"修复|修正|解决|补充|补上|新增|增加|添加|此前|之前|原先|原来|避免|fix|resolv|add(?:s|ed)?\b|previous|formerly"
    r"|earlier|now\b|no longer|avoid|prevent|raise|reject|error when|when .{0,40}missing",
    re.IGNORECASE,
)
_ADVISED = re.compile(
    r"(?:建议|需要?|应当?该?|请|最好|可以|考虑|必须)[^，。；]{0,12}?(?:补充|补上|新增|增加|添加|修复|修正|解决|避免)"
    r"|\b(?:should|must|need(?:s|ed)? to|has to|have to|consider|recommend\w*|please|better)\s+"
    r"(?:\w+\s+){0,2}?(?:fix|add|avoid|resolv|prevent|rais|reject)\w*",
    re.IGNORECASE,
)
"""What is still to be done is no sign that it was."""

_DEED = re.compile(
    r"搜索了?(?:全库|整个|代码库|仓库)|全库搜索|经过?测试|运行了?测试|我们?(?:搜索|检查|运行|验证)了"
    r"|可以?安全地?(?:上线|合并|部署)|建议合并|未引入(?:新的)?安全|作为(?:一个)?(?:AI|人工智能|语言模型)"
    r"|\bI (?:have )?(?:searched|checked|ran|verified|tested|grepped)\b|\bas an AI\b|\bLGTM\b"
    r"|\bsearch(?:ing|ed) the (?:whole |entire )?(?:repo|code)|\bsafe to (?:merge|deploy|skip|ignore)",
    re.IGNORECASE,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s)）>\]]+")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_BLOCK_MARK = re.compile(r"^\s*(?:#{1,6}\s+|[-*+]\s+|>\s*)+")
_INLINE_MARK = re.compile(
    r"\*\*|!?\[([^\]]*)\]\([^)]*\)"
    r"|</?(?:script|style|img|a|b|i|u|br|hr|p|div|span|table|tr|td|h[1-6]|iframe|svg|details|summary|code|pre|ul"
    r"|ol|li|em|strong|form|input|button|link|meta|object|embed|video|audio)\b[^>]{0,300}>",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_KANA_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")


@dataclasses.dataclass
class Count:
    """What was looked at, and what of it stands in the commit."""

    named: int = 0
    """Names, figures, acronyms and claims."""
    unproven: int = 0

    def add(self, *, proven: bool) -> bool:
        """Count one more; returns whether it is proven."""
        self.named += 1
        self.unproven += not proven
        return proven


def checked(
    text: str, evidence: Evidence, count: Count, *, path: str | None = None, longest: int = 800
) -> str:
    """A text of the model as far as the commit bears it out; empty when nothing of it is left.

    `path`: the touched file that the text is about. `longest`: characters; whole sentences are kept.
    """
    kept: list[str] = []
    for sentence in _SENTENCE_END.split(plain(text)):
        if not sentence.strip() or not _holds(sentence, evidence, count):
            continue
        if _tells_absence(sentence):
            if not count.add(proven=_is_absent(sentence, evidence, path)):
                continue
            proven = sentence.strip()
        else:
            proven = _names(_acronyms(sentence, evidence, count), evidence, count).strip()
        if kept and sum(map(len, kept)) + len(proven) > longest:
            break
        kept.append(proven if len(proven) <= longest else f"{proven[: longest - 1]}…")
    return _joined(kept)


def plain(text: str) -> str:
    """One line without Markdown's marks, HTML tags, link targets and characters that cannot be seen.

    Backticks stay: they are the names that are checked. Escaping for a page is the report's matter.
    """
    text = _UNSEEN.sub("", text.encode("utf-8", "ignore").decode())
    lines = [_BLOCK_MARK.sub("", line) for line in text.splitlines() if not _is_rule(line)]
    pieces = re.split(r"(`+[^`]+`+)", " ".join(" ".join(lines).split()))
    pieces[::2] = [_INLINE_MARK.sub(lambda m: m[1] or "", piece) for piece in pieces[::2]]
    return "".join(pieces).strip()


def _is_rule(line: str) -> bool:
    """A line that only separates: `---`, a fence, the head of a table."""
    return bool(re.fullmatch(r"\s*(?:[-=*_|: ]{3,}|`{3,}.*)\s*", line))


def _joined(sentences: list[str]) -> str:
    text = ""
    for sentence in sentences:
        text += sentence if not text or text[-1] in "。！？；" else f" {sentence}"
    return text


def _holds(sentence: str, evidence: Evidence, count: Count) -> bool:
    """Whether a sentence claims nothing that the commit cannot show."""
    bare = _NAME.sub(" ", sentence)
    if _DEED.search(bare):
        return count.add(proven=False)
    if any(not evidence.has_text(url.rstrip(".,;:")) for url in _URL.findall(sentence)):
        return count.add(proven=False)
    found = [count.add(proven=proven) for proven in figures(bare, evidence)]
    return all(found)


def _tells_absence(sentence: str) -> bool:
    bare = _NAME.sub("it", sentence)
    return bool(_ABSENT.search(bare)) and not _MENDED.search(_ADVISED.sub(" ", bare))


def _is_absent(sentence: str, evidence: Evidence, path: str | None) -> bool:
    """Whether the whole new file confirms that what a sentence names is not there."""
    names = _NAME.findall(sentence)
    where = path or next((found for name in names if (found := evidence.path(name))), None)
    things = [name for name in names if evidence.path(name) is None]
    return where is not None and bool(things) and all(evidence.lacks(thing, where) for thing in things)


def _names(sentence: str, evidence: Evidence, count: Count) -> str:
    """Names that stand nowhere lose their backticks; no other backtick stays."""
    pieces = _NAME.split(sentence)
    for at, piece in enumerate(pieces):
        name = piece.strip()
        if at % 2 and name and count.add(proven=evidence.has_name(name)):
            pieces[at] = f"`{name}`"
        else:
            pieces[at] = name if at % 2 else piece.replace("`", "")
    return "".join(pieces)


def _acronyms(sentence: str, evidence: Evidence, count: Count) -> str:
    """`DP (Data Parallel)` keeps its expansion only when the commit has it."""

    def short(match: re.Match[str]) -> str:
        is_expansion = _spells(match[2], match[1])
        if not is_expansion or count.add(proven=evidence.has_phrase(match[2])):
            return match[0]
        return match[1]

    def short_after(match: re.Match[str]) -> str:
        words = match[1].split()
        for start in range(len(words) - 1):
            expansion = " ".join(words[start:])
            if _spells(expansion, match[2]):
                if count.add(proven=evidence.has_phrase(expansion)):
                    return match[0]
                return " ".join([*words[:start], match[2]])
        return match[0]

    return _ABBREVIATION.sub(short_after, _EXPANSION.sub(short, sentence))


def _spells(words: str, acronym: str) -> bool:
    """Whether some words look like what an acronym stands for: as many capitals, or no Latin at all."""
    initials = "".join(w[0] for w in re.findall(r"[A-Za-z][a-z]*", words)).upper()
    if not initials:
        return len(_CJK.findall(words)) >= 2  # noqa: PLR2004 - one character is a particle
    return initials[0] == acronym[0] and len(re.findall(r"[A-Za-z]+", words)) > 1


def is_in_language(texts: list[str], language: str) -> bool:
    """Whether prose is in the asked language, names in backticks aside; `zh` or `en`."""
    prose = _NAME.sub(" ", " ".join(texts))
    letters = sum(c.isalpha() for c in prose)
    chinese, others = len(_CJK.findall(prose)), len(_KANA_HANGUL.findall(prose))
    foreign = sum(c.isalpha() and not c.isascii() for c in prose)
    if not letters:
        return True
    return chinese >= 0.1 * letters >= others if language == "zh" else foreign <= 0.1 * letters


_FEWEST_LETTERS = 15
"""Of a text by itself: less may be a name without backticks."""


def is_foreign(text: str, language: str) -> bool:
    """Whether one text of an answer is in another language than the asked one, for sure."""
    prose = _NAME.sub(" ", text)
    if is_in_language([prose], language) or sum(c.isalpha() for c in prose) < _FEWEST_LETTERS:
        return False
    return language != "zh" or not _CJK.search(prose) or bool(_KANA_HANGUL.search(prose))


_REPEATED = 0.6
_RUN_UNITS = re.compile(r"[a-z0-9_]+|[^\W\d_a-z]")


def repeats(sentence: str, text: str) -> bool:
    """Whether most of a sentence stands in a text, in runs of three words or Chinese characters."""
    mine, known = (_runs(part) for part in (sentence, text))
    return bool(mine) and sum(run in known for run in mine) >= _REPEATED * len(mine)


def _runs(text: str) -> set[tuple[str, ...]]:
    units = _RUN_UNITS.findall(text.lower())
    return set(zip(units, units[1:], units[2:], strict=False))

"""Text in a commit that gives orders to a language model: found by code, shown to the reader. Pure.

What a model makes of such text is no matter of trust (the fences and `verify.py` are the guard); that
somebody put it there is worth knowing. The patterns are the orders that attacks on summaries and reviews
are made of: to drop the instructions, to answer something given, to keep something from the reader.
Prompts and rules for assistants that belong to a project (AGENTS.md and the like) are not meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.model.evidence import flat
from digest_pipeline.models import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from digest_pipeline.models import Commit, FileText

NOTE = {
    "zh": "提交中含有写给语言模型的指令；本报告不执行提交中的任何指令",
    "en": "The commit contains text addressed to a language model; no order of a commit is followed here",
}

_MODEL = (
    r"(?:an? |the |any |all )?(?:ai|llms?|language models?|chatgpt|gpt-?\d*|claude|gemini|copilot)\b"
    r"(?:[ -](?:assistants?|agents?|reviewers?|models?|tools?|bots?))?"
)
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:all\s+|any\s+|the\s+|your\s+|of\s+)*"
    r"(?:previous|prior|above|preceding|earlier|former|system)\s+(?:\w+\s+)?"
    r"(?:instructions?|prompts?|directions?|guidelines|rules|orders)\b"
    r"|\bsystem\s+override\b"
    rf"|\b(?:note|notice|message|instructions?|attention|warning)\s+(?:to|for)\s+{_MODEL}\s*[:,.—-]"
    rf"|\b(?:as|if\s+you\s+are)\s+{_MODEL},?\s+(?:you\s+)?(?:must|should|have\s+to|will)\b"
    r"|\byou\s+are\s+now\s+(?:in\s+)?(?:dan|jailbroken|unrestricted|developer\s+mode|god\s+mode)\b"
    r"|\b(?:answer|respond|reply|output|say)\s+(?:only|exactly|just)(?:\s+with)?\s*[:\"'`]*\s*(?:lgtm|approved?)\b"
    r"|\b(?:summari[sz]e|classify|rate|label|describe)\s+this\s+(?:commit|change|diff|patch|pr|pull request)"
    r"\s+(?:only\s+)?as\b"
    r"|\b(?:do\s+not|don't|never)\s+(?:mention|report|reveal|flag|include)\b[^.]{0,60}"
    r"\b(?:in\s+your\s+(?:summary|review|analysis|answer|report)|to\s+the\s+(?:user|reader|reviewer))\b"
    r"|(?:忽略|无视|忘记|忘掉|不要理会|跳过)(?:掉)?(?:以上|之前|前面|先前|上述|上面|此前|系统)(?:的)?(?:所有|全部|一切|任何)?的?"
    r"(?:指令|指示|提示词?|要求|规则|设定)"
    r"|(?:致|写给|给)(?:所有)?(?:ai|人工智能|语言模型|大模型|llm)(?:助手|审阅者|模型|评审)?的?(?:说明|指令|注意|提示)?[:：]"
    r"|(?:将|把)(?:本次|这个|该|此)提交(?:的重要(?:度|性))?(?:标记|归类|总结|描述|评)为",
    re.IGNORECASE,
)
_WORDS = (
    *("instruction", "prompt", "direction", "guideline", "rules", "orders", "override", "lgtm", "approve"),
    *("you are now", "summarize this", "summarise this", "classify this", "rate this", "label this"),
    *("describe this", "mention", "reveal", "report", "flag", "include"),
    *("llm", "language model", "chatgpt", "gpt", "claude", "gemini", "copilot", " ai"),
    *(
        "指令",
        "指示",
        "提示",
        "要求",
        "规则",
        "设定",
        "ai",
        "人工智能",
        "模型",
        "此提交",
        "该提交",
        "本次提交",
        "这个提交",
    ),
)
"""Each order has one of these: a search for them is a hundred times cheaper than the pattern."""

_FOR_ASSISTANTS = re.compile(
    r"(?:^|/)(?:agents|claude|gemini|skill|copilot-instructions|\.cursorrules|\.windsurfrules)(?:\.\w+)*$"
    r"|(?:^|/)\.(?:claude|cursor|gemini|github/(?:prompts|instructions|agents|skills))/"
    r"|(?:^|/)(?:prompts?|skills)/",
    re.IGNORECASE,
)
LONGEST_LINE = 2_000
"""Characters of a line that are looked at."""

LONGEST_QUOTE = 160


def orders_in(commit: Commit, texts: Iterable[FileText], language: str) -> Claim | None:
    """The first order to a language model in the message or in the added lines, as a risk to show."""
    for path, line in _lines(commit, texts):
        if not any(word in line.lower() for word in _WORDS):
            continue
        found = _ORDERS.search(flat(line[:LONGEST_LINE]))
        if found:
            start = max(0, min(found.start(), found.end() - LONGEST_QUOTE))
            quote = flat(line[:LONGEST_LINE])[start : start + LONGEST_QUOTE].strip()
            return Claim(NOTE[language], path, quote)
    return None


def _lines(commit: Commit, texts: Iterable[FileText]) -> Iterator[tuple[str | None, str]]:
    """(path, line) of what may hold orders; None for the message."""
    for line in f"{commit.subject}\n{commit.body}".splitlines():
        yield None, line
    for text in texts:
        if text.patch and not _FOR_ASSISTANTS.search(text.change.path):
            for line in text.patch.splitlines():
                if line.startswith("+"):
                    yield text.change.path, line[1:]

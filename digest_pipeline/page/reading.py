"""How long a page takes to read. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from digest_pipeline.page.markdown import Markdown

if TYPE_CHECKING:
    from digest_pipeline.page.phrases import Words

READING = Markdown("\x00reading\x00")
"""Stands in a page for its reading time until the page is there to be measured."""
CHARACTERS_A_MINUTE, WORDS_A_MINUTE = 400, 230


def counts(markdown: str) -> tuple[int, int]:
    """How many Chinese characters and how many other words a page shows; addresses and tags are none."""
    shown = re.sub(r"<[^>]*>|\]\([^)\s]*\)", " ", markdown)
    return len(re.findall(r"[\u3400-\u9fff]", shown)), len(
        re.findall(r"[^\W\d_\u3400-\u9fff][\w'./-]*", shown)
    )


def unfolded(markdown: str) -> str:
    """The page without what is folded away."""
    return re.sub(r"<details>.*?</details>", "", markdown, flags=re.DOTALL)


def minutes(markdown: str) -> int:
    """Minutes that a page takes, at least one."""
    characters, words = counts(markdown)
    return max(math.ceil(characters / CHARACTERS_A_MINUTE + words / WORDS_A_MINUTE), 1)


def with_reading_time(words: Words, markdown: str) -> str:
    """The page with its reading time in the place of `READING`: to the first fold, unfolded, all of it."""
    if READING not in markdown:
        return markdown
    head = minutes(markdown.partition("<details>")[0])
    visible, everything = minutes(unfolded(markdown)), minutes(markdown)
    key = "reading" if everything > head else "reading_short"
    return markdown.replace(READING, words(key, head=head, visible=visible, all=everything))

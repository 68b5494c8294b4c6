"""What a commit writes into the project's own change log. Pure; headings of documents are in `titles`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from digest_pipeline.rules import hunks

if TYPE_CHECKING:
    from digest_pipeline.models import FileText

_MOST_LINES = 400
"""Changed lines of one change log that are looked at."""
_CHANGE_LOG = re.compile(r"(^|/)(change(s|_?log)|history|news)(\.\w{2,5})?$", re.IGNORECASE)
_BREAKING = re.compile(r"\s*[-*+]\s+[*_`\[(]*breaking([ -]changes?)?\s*[*_`\])]*\s*[:—-]", re.IGNORECASE)
"""An entry that begins with the word: `- **breaking:** …`, `* Breaking change: …`, `- [breaking] - …`."""


def breaking_notes(text: FileText) -> int:
    """How many entries that call something breaking were added to a change log; 0 for other files."""
    if not _CHANGE_LOG.search(text.change.path):
        return 0
    lines = hunks.changed_lines(text.patch, _MOST_LINES)
    return sum(line.is_added and _BREAKING.match(line.text) is not None for line in lines)

"""Lines that announce the end of something. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest_pipeline.rules.hunks import Line

_COMMENT = re.compile(r"\s*(?:///?|\*|#)\s*(?:@deprecated\b|Deprecated:)")
"""A comment above a definition that ends it, as Go and Java have it (go.dev/wiki/Deprecated)."""
_DEPRECATES = re.compile(
    r"DeprecationWarning|FutureWarning|@(typing_extensions\.)?deprecated\b|#\[deprecated|\[\[deprecated"
    r"|@Deprecated\b|warn_deprecated|\bdeprecat\w+\s*[(=]|[\"'].{0,80}\b(is|are|been) deprecated"
)
_HEEDED = re.compile(r"filter|ignore|suppress|catch|except|assert|import\b")


def deprecates(text: str) -> bool:
    """Whether a line of code warns of a deprecation, or marks one."""
    is_near = "eprecat" in text or "FutureWarning" in text  # every line of code passes here
    return is_near and _DEPRECATES.search(text) is not None


def announces(line: Line) -> bool:
    """Whether a line ends a definition: by a comment, or by a warning or mark that is no filter of these."""
    if not line.is_code:
        return _COMMENT.match(line.text) is not None
    return deprecates(line.text) and _HEEDED.search(line.text) is None

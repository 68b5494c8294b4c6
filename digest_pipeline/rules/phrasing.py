"""The phrases of commit messages beyond the verb and its object: what for, against what, what else.

Only patterns, no decisions; `subject_types` and `evidence` read with them. Single words are in `vocabulary`,
those for how much a change matters in `emphasis`.
"""

from __future__ import annotations

import re

MENDS = re.compile(
    r"\b(instead of|make sure|should|shouldn't|when|if|even (if|when)|incorrect(ly)?|wrong(ly)?"
    r"|missing|non-?existing|properly|always"
    r"|correctly|too|compat(ibility|ible)?|invalid|throw|raise|errors?(?! messages?)"
    r"|consisten(t|cy)|not|only once)\b",
    re.IGNORECASE,
)
"""Words of a subject that speak of a case that did not work."""
PURPOSE = re.compile(
    r"\b(?:to|by|for|try(?:ing)? to) (?:avoid|prevent|fix|resolve|solve|stop|mitigate)\w*\b(.*)"
    r"|\bworks? around\b",
    re.IGNORECASE,
)
"""What a change is made against, behind whatever its verb is: `add a lock to avoid a crash`."""
TROUBLE = re.compile(r"\b(problems?|issues?|bugs?|errors?|fail(ure|ed|ing|s)?|faults?)\b", re.IGNORECASE)
PROTECTS = re.compile(
    r"\b(null|nil|none|bounds?|overflow|sanity|safety|error|fault|exception)[- ]?(?:ptr |pointer )?"
    r"(check(s|ing)?|guards?|handling)\b",
    re.IGNORECASE,
)
"""What is added so that something does not go wrong."""
ABILITY = re.compile(
    r"(?:^|\bmak(?:e|es|ing)\b.+\b)(configurable|optional|customi[sz]able|overrid(?:e)?able|pluggable|extensible"
    r"|settable|public|available|accessible)\b",
    re.IGNORECASE,
)
"""What gives users a choice that they did not have."""
CLEANER = re.compile(
    r"\b(?:make|in an?|more)\b.*"
    r"\b(cleaner|simpler|safer|tidier|clearer|obvious|understandable|consistent|readable|idiomatic|maintainable)\b"
    r"|\b(?:readability|maintainability|code (?:quality|structure))\b",
    re.IGNORECASE,
)
"""What does the same in better code."""
STYLE = re.compile(
    r"\b(formatting|code style|style (?:problems?|issues?)|white ?space|mis-?indent\w+)\b", re.IGNORECASE
)
"""How code looks: nothing is mended by it."""
RIGHTLY = re.compile(r"(?<!not )\b(correctly|properly)\b", re.IGNORECASE)
"""How something is done that was done otherwise."""
STURDIER = re.compile(
    r"\b(?:make|makes|making|more)\b.*\b(robust|resilient|reliable|fault[- ]tolerant|thread[- ]safe|safe)\b",
    re.IGNORECASE,
)
"""What holds where it did not."""
TELLS_BETTER = re.compile(
    r"\b(?:better|clear(?:er)?|improv(?:e|es|ed|ing)|nicer|helpful|informative|friendl(?:y|ier)|descriptive)\b"
    r".{0,30}\b(?:errors?|warnings?|diagnostics?|messages?)\b"
    r"|^(?:emit|raise|issue|show|give|log)s?\s(?:an?\s)?(?:\w+\s)?warnings?\b",
    re.IGNORECASE,
)
"""What tells its users more of what went wrong: nothing is mended by it."""
IN_TERMS = re.compile(r"\bin terms of\b", re.IGNORECASE)
REVIEW = re.compile(
    r"\b(?:review|feedback) ?(?:comments?|notes?|suggestions?)?\W*$|\breview (?:comments?|feedback)\b",
    re.IGNORECASE,
)
"""What reviewers asked for."""
ENDLESS = re.compile(r"\b(?:infinite|endless|unbounded) (?:loops?|recursions?)\b", re.IGNORECASE)
ALSO_ADDS = re.compile(
    r"(?:[,:;+&]|\band)\s+(?:also\s+)?((?:add|support|introduc|implement)(?:e|s|es|ed|ing)?\b.*)",
    re.IGNORECASE,
)
"""What a tidying brings with it."""
MENDED = re.compile(
    r"\W*(?:this (?:pr|mr|commit|patch|change) )?(?:fix(?:es|ed)?|resolves|corrects)\b(?!.{0,3}#)"
    r"|[^.#]{0,200}\bto fix\b",
    re.IGNORECASE,
)
"""A message that begins with what it fixes."""
ADDED = re.compile(
    r"\W*(?:this (?:pr|mr|commit|patch|change) )?(?:adds?|introduces?|implements?|enables?|exposes?)\b",
    re.IGNORECASE,
)
"""A message that begins with what it adds."""
SWAPS = re.compile(r"(replace|convert|switch|use|using|apply)s?\b", re.IGNORECASE)
"""Subjects that put one thing in the place of another."""
NO_PROSE = re.compile(
    r"\s*(#|[*-]\s|\W*(summary|description|purpose|motivation|overview|problem|what|why|context)\W*$)",
    re.IGNORECASE,
)
"""A line of a message that is a heading or an item of a list."""
BRINGS = re.compile(
    r"(add|introduc|implement|creat|refactor|renam|mov|deprecat|simplif|new)\w*\b", re.IGNORECASE
)
"""Verbs of what is new, and of what only changes its form."""
BROKEN_BEFORE = re.compile(
    r"\b(?:previously|prior to th\w+|before this|until now|currently)\b[^.]{0,160}"
    r"\b(?:fail\w*|broke\w*|crash\w*|errors?|wrong\w*|incorrect\w*|lost|panic\w*|hangs?|bugs?|silently)\b"
    r"|^[^.]{0,120}\b(?:fails?|failed|crash(?:es|ed)|breaks?|broke|panics?|panicked)\b",
    re.IGNORECASE,
)
"""A message that begins with what did not work."""
CLOSES_ISSUE = re.compile(
    r"\b(fix(es|ed)?|resolves?|closes?)\s*:?\s*(issue\s*)?(https?://\S+/issues/|[\w./-]*#)\d+", re.IGNORECASE
)

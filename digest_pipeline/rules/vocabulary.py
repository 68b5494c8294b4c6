"""The words of commit messages that tell the type of a change: tags, verbs, what they act on.

Only words and patterns, no decisions; `change_types` decides. The words for how much a change matters are
in `emphasis`.
"""

from __future__ import annotations

import re

from digest_pipeline.models import ChangeType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAG_KINDS: dict[ChangeType, frozenset[str]] = {
    ChangeType.FEATURE: _words("feat feature features enhancement enh newfeature newmodel"),
    ChangeType.FIX: _words("fix fixes fixed bug bugfix bugfixes hotfix quickfix fixup fixbug bugs"),
    ChangeType.PERF: _words("perf performance optimization optimize optimisation optimise speed opt"),
    ChangeType.REFACTOR: _words("refactor refactoring refact cleanup clean rework style nfc refacto refac"),
    ChangeType.DOCS: _words(
        "doc docs documentation readme changelog blog cookbook docstring example examples"
    ),
    ChangeType.TEST: _words("test tests testing ut unittest unittests e2e benchmark benchmarks bench qa"),
    ChangeType.BUILD: _words(
        "build deps dep dependencies dependency docker dockerfile packaging package cmake wheel wheels bazel "
        "compile install devcontainer nix make"
    ),
    ChangeType.CI: _words("ci cicd workflow workflows githubactions gha actions infra nightly precommit"),
    ChangeType.SECURITY: _words("security sec cve"),
    ChangeType.REVERT: _words("revert reverts"),
    ChangeType.RELEASE: _words("release"),
    ChangeType.CONFIG: _words("config"),
    ChangeType.CHORE: _words("chore lint format typing autosync sync housekeeping"),
}
_KIND_OF_TAG = {word: kind for kind, words in _TAG_KINDS.items() for word in words}


_TELLING_ENDS = _words("refactor refactoring fix bugfix feature optimization cleanup")


def tag_kind(tag: str) -> ChangeType | None:
    """The type that a tag, prefix or scope stands for, if it is one of the usual words."""
    plain = re.sub(r"[^a-z0-9]", "", tag.lower())
    if tag.lower().endswith((".md", ".rst", ".mdx")):
        return ChangeType.DOCS
    last = tag.lower().split()[-1:] or [""]
    return _KIND_OF_TAG.get(plain) or (_KIND_OF_TAG.get(last[0]) if last[0] in _TELLING_ENDS else None)


_VERBS: dict[ChangeType, frozenset[str]] = {
    ChangeType.FEATURE: _words(
        "add adds added adding support supports supporting supported enable enables enabled enabling "
        "introduce introduces introduced implement implements implemented implementing allow allows allowing "
        "expose exposes exposed provide provides integrate integrates port ports create creates "
        "extend extends "
        "enhance enhances improve improves improved improving accept accepts initial new let register "
        "permit offer include includes export exports upstream adapt generalize recognize teach"
    ),
    ChangeType.FIX: _words(
        "fix fixes fixed fixing bugfix hotfix correct corrects corrected resolve resolves resolved repair "
        "prevent prevents avoid avoids handle handles handling restore restores ensure ensures guard guards "
        "address addresses workaround mitigate protect reject rejects tolerate patch don't dont "
        "catch check checks validate validates respect preserve preserves honor quickfix "
        "unbreak recover sanitize forbid disallow propagate disable disables disabled disabling"
    ),
    ChangeType.PERF: _words(
        "optimize optimizes optimized optimizing optimise speed speedup speeds accelerate accelerates "
        "fuse fuses "
        "cache caches vectorize parallelize prefetch overlap tune autotune reduce reduces minimize "
        "reuse reuses"
    ),
    ChangeType.REFACTOR: _words(
        "refactor refactors refactored refactoring rename renames renamed renaming move moves moved "
        "moving clean "
        "cleanup cleans simplify simplifies extract extracts split splits reorganize restruct restructure "
        "restructures consolidate "
        "unify unifies remove removes removed removing dedupe deduplicate migrate migrates decouple inline "
        "inlines factor drop drops delete deletes deprecate deprecates rewrite rework tidy merge "
        "merges combine "
        "centralize standardize normalize align isolate separate modernize polish prune strip annotate share "
        "format reformat"
    ),
    ChangeType.DOCS: _words("document documents documenting clarify explain typo typos reword describe"),
    ChangeType.TEST: _words("test tests testing deflake unskip cover"),
    ChangeType.BUILD: _words("bump bumps bumped upgrade upgrades upgraded upgrading pin unpin repin"),
    ChangeType.CHORE: _words("lint"),
}
WEAK_VERBS = _words(
    "use uses using switch switches change changes changed replace replaces convert converts "
    "relax restrict limit store pass modify adjust adjusts revise revisit kill hide "
    "set sets "
    "update updates updated return returns get skip skips apply treat keep keeps wrap promote mark "
    "track turn "
    "match route refine skipped put prefer default force define declare initialize init call calls "
    "sync load loads run stop start do "
    "throw throws raise raises collect log require defer delay increase decrease lower bound clear "
    "reset release configure specify downgrade downgraded raise raised"
)
"""Verbs that say that something changes, but not whether that adds, mends or only rearranges."""
_KIND_OF_VERB = {word: kind for kind, words in _VERBS.items() for word in words}
FILLERS = _words(
    "tiny quick minor major small a an the some more few just again further super followup follow-up up "
    "follow really "
    "better correctly properly temporarily temp try trying attempt wip slightly simple nit also to we please "
    "always only automatically now optionally partially fully"
)


def verb_kind(word: str) -> ChangeType | None:
    """The type that a leading verb stands for, in any of its forms: `merge`, `merged`, `merging`."""
    return next((kind for form in _forms(word) if (kind := _KIND_OF_VERB.get(form)) is not None), None)


def is_weak(word: str) -> bool:
    """Whether a leading verb, in any of its forms, only says that something changes."""
    return verb_kind(word) is None and any(form in WEAK_VERBS for form in _forms(word))


def _forms(word: str) -> tuple[str, ...]:
    """A word as written, then what it may be a form of: `-ing` and `-ed` with an `e` or a doubled end."""
    plain = word.lower().strip(",.:;")
    match = re.fullmatch(r"(\w{2,})(?:ing|ed)", plain)
    if match is None:
        return (plain,)
    stem = match[1]
    return (plain, stem, f"{stem}e", *([stem[:-1]] if stem[-1] == stem[-2] else []))


def is_verb(word: str) -> bool:
    """Whether a word starts a sentence rather than names an area."""
    low = word.lower()
    return low.strip(",.:;") in _KIND_OF_VERB or low in WEAK_VERBS or low in FILLERS


RELEASE = re.compile(
    r"""^(?!.*\b(?:min|minimum|minimal|sdk|toolkit|compiler|driver|runtime|base image|required|supported)\b)
      (?!\w+\s+(?!the\b|package\b|project\b|crate\b|version\b)\S+\s+(?:(?:version\s+)?from|version\s+to)\b)(?:(?:prepare|prep|cut|publish|start|begin|finali[sz]e|tag|bump|update|upgrade|increment
      |set|changed?|chore)\b.{0,40}\b(?:release|version)s?\b.{0,40}?\bv?\d+\.\d+
      | (?:retry|redo|re-?run)\b\s.{0,20}\brelease\b.{0,20}\d+\.\d+
      | v?\d+(?:\.\d+){1,3}\s+release\b
      | releas(?:e|es|ing)\b\s*:?\s*(?:$|(?:\S+\s+)?(?:version\s*)?v?\d+(?:\.\d+)+|candidate\b)
      | (?:prepare|cut|prep)\b.{0,20}\b(?:release\b|for\s+v?\d+\.\d+)
      | v?\d+\.\d+(?:\.\d+)?(?:[-.]?(?:rc|a|b|alpha|beta|post|dev)\.?\d*)?$
      | version\s+(?:bump|v?\d+\.\d+) | bump\s+(?:the\s+)?version\b
      | [\w.-]+\s+v?\d+\.\d+\.\d+(?:[-.]?\w+)?\s+release$
      | redis\s+\d+\.\d+ | bump\s+to\s+v?\d+\.\d+ | (?:update|bump)\s+(?:the\s+)?changelog\s+for\s+v?\d)""",
    re.IGNORECASE | re.VERBOSE,
)
BUMPS = re.compile(
    r"\b(bump|upgrade|pin|repin|unpin)(s|ed)?\b|\bfrom v?\d+\.\d+\S* to v?\d"
    r"|^updat(?:es?|ed|ing) .{1,60} to v?\d+(\.\d+)+(?=$|[.,] )",
    re.IGNORECASE,
)
"""What brings a version of something forward."""
DEPENDENCIES = re.compile(r"\b(dependenc(y|ies)|deps)\b", re.IGNORECASE)
STRONG_CI = re.compile(
    r"\S+\.ya?ml\b|\bpr-test|\bnightly (tests?|builds?)|\bci_\w+|_ci_\w+|\bPR pipeline", re.IGNORECASE
)
"""Names that only continuous integration has, wherever they stand in a subject."""
NEXT_CYCLE = re.compile(
    r"(\bdev\b|-dev\b|\.dev\d*|snapshot|next (development|dev|version|release)|post-?release)", re.IGNORECASE
)
"""What follows a release: the version of the next cycle."""
AFTER_RELEASE = re.compile(
    r"(prepare|start|begin)( for)?( the)? next( development)? (version|cycle|iteration|snapshot)"
    r"|(set|bump|updated?|changed?)( the)?( dev(elopment)?)? version( to \S*dev\d*)?$",
    re.IGNORECASE,
)
OBJECTS: tuple[tuple[ChangeType, re.Pattern[str]], ...] = (
    (
        ChangeType.CHORE,
        re.compile(r"\b(clippy|linters?|lints?|linting|mypy|flake8|eslint|pylint)\b", re.IGNORECASE),
    ),
    (
        ChangeType.REFACTOR,
        re.compile(
            r"\b(type (hints?|annotations?|stubs?)|cod(es?|ing) style)\b",
            re.IGNORECASE,
        ),
    ),
    (
        ChangeType.CI,
        re.compile(
            r"\b(ci|cd|workflows?|github actions?|gha|nightly|nightlies|runners?"
            r"|pre-?commit|pr-test"
            r"|jenkins(file)?|dependabot|renovate|buildkite|codecov|\S+\.yml|/?rerun-\S*|/\S+-ci|ci_\w+)\b",
            re.IGNORECASE,
        ),
    ),
    (
        ChangeType.TEST,
        re.compile(
            r"(\b(tests?|ut|uts|unit-?tests?|test ?cases?|test ?suites?|fixtures?|flaky|e2e|mocks?"
            r"|benchmarks?"
            r"|benchmarking|coverage|asserts? in tests?|fuzzers?|test_\w+|bench_\w+)\b|\btest/)",
            re.IGNORECASE,
        ),
    ),
    (
        ChangeType.DOCS,
        re.compile(
            r"\b(docs?|documentation|readme(\.\w+)?|changelog|docstrings?|typos?|comments?|tutorials?"
            r"|guides?|cookbook|notes?|demos?"
            r"|blog|links?|contributors|sponsors|translations?|examples?|licen[cs]e|spelling"
            r"|grammar(?= (error|fix|issue|mistake)s?\b|\W*$)|wording|\S+\.(md|rst|mdx|ipynb)"
            r"|release notes|instructions|roadmap|slack|contributing|faq|help text|logo)(?!\w)",
            re.IGNORECASE,
        ),
    ),
    (
        ChangeType.BUILD,
        re.compile(
            r"(\b(docker\w*|dependenc(y|ies)|deps|requirements|wheels?|cmake\w*|(?<!\.)compil(e|ation|ing"
            r"|er warnings?)|build|builds"
            r"|makefile|packaging|pyproject(\.toml)?|setup\.py|rust crate|crates?|submodules?|vendored"
            r"|toolchain|lock ?file|sdist"
            r"|conda|nix|msrv|cargo\.\w+|install script|linker|images?(?= release| tag| version))\b"
            r"|\.dockerfile)",
            re.IGNORECASE,
        ),
    ),
)
CLEAR_WORDS = _words(
    "fix fixes fixed fixing bug bugs bugfix support supports supporting add adds added adding enable enables "
    "optimize optimizes optimization refactor refactoring cleanup clean-up remove removes "
    "implement implements improve improves"
)
"""Words that tell the type wherever they stand in a subject."""
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
    r"\b(cleaner|simpler|safer|tidier|consistent|readable|idiomatic|maintainable)\b",
    re.IGNORECASE,
)
"""What does the same in better code."""
STURDIER = re.compile(
    r"\b(?:make|makes|making|more)\b.*\b(robust|resilient|reliable|fault[- ]tolerant|thread[- ]safe|safe)\b",
    re.IGNORECASE,
)
"""What holds where it did not."""
TELLS_BETTER = re.compile(
    r"\b(?:better|clear(?:er)?|improv(?:e|es|ed|ing)|nicer|helpful|informative|friendl(?:y|ier)|descriptive)\b"
    r".{0,30}\b(?:errors?|warnings?|diagnostics?|messages?)\b",
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
    r"(?:[,:;+&]|\band)\s+(?:also\s+)?((?:add|support|expose|introduc|implement)(?:e|s|es|ed|ing)?\b.*)",
    re.IGNORECASE,
)
"""What a tidying brings with it."""
MENDED = re.compile(
    r"\W*(?:this (?:pr|mr|commit|patch|change) )?(?:fix(?:es|ed)?|resolves|corrects)\b(?!.{0,3}#)"
    r"|[^.#]{0,200}\bto fix\b",
    re.IGNORECASE,
)
"""A message that begins with what it fixes."""
SWAPS = re.compile(r"(replace|convert|switch|use|using|apply)s?\b", re.IGNORECASE)
"""Subjects that put one thing in the place of another."""
CLOSES_ISSUE = re.compile(
    r"\b(fix(es|ed)?|resolves?|closes?)\s*:?\s*(issue\s*)?(https?://\S+/issues/|[\w./-]*#)\d+", re.IGNORECASE
)
OWNERS = re.compile(r"\bcode ?owners?\b", re.IGNORECASE)
PLACE = re.compile(
    r"\b(?:in|to|of|for)\b(?!.*\b(?:from|with|by|when|if|on|and)\b)[^,;:]{0,80}?([\w./-]+)\W*$", re.IGNORECASE
)
"""The last word of a subject, where it says in what the change is: `fix an issue in the readme`."""
PHRASE_END = re.compile(
    r"\s(?:for|in|on|by|with|to|when|via|from|if|that|which|where|while|after|before|because|due|since"
    r"|at|into"
    r"|during|under|of|using|as|and|so|instead)\s|[,;:(&]",
    re.IGNORECASE,
)
TYPO = re.compile(r"\b(typos?|spelling|grammar(?= (error|fix|issue|mistake)s?\b|\W*$))(?!\w)", re.IGNORECASE)

"""The words of commit messages that tell the type of a change: tags, verbs, what they act on.

Only words and patterns, no decisions; `evidence` reads with them. The words for how much a change matters are
in `emphasis`.
"""

from __future__ import annotations

import re

from digest_pipeline.models import ChangeType


def words(text: str) -> frozenset[str]:
    """A set of words, written with blanks between."""
    return frozenset(text.split())


_TAG_KINDS: dict[ChangeType, frozenset[str]] = {
    ChangeType.FEATURE: words("feat feature features enhancement enh newfeature newmodel"),
    ChangeType.FIX: words("fix fixes fixed bug bugfix bugfixes hotfix quickfix fixup fixbug bugs"),
    ChangeType.PERF: words("perf performance optimization optimize optimisation optimise speed opt"),
    ChangeType.REFACTOR: words("refactor refactoring refact cleanup clean rework style nfc refacto refac"),
    ChangeType.DOCS: words(
        "doc docs documentation readme changelog blog cookbook docstring example examples"
    ),
    ChangeType.TEST: words("test tests testing ut unittest unittests e2e benchmark benchmarks bench qa"),
    ChangeType.BUILD: words(
        "build deps dep dependencies dependency docker dockerfile packaging package cmake wheel wheels bazel "
        "compile install devcontainer nix make"
    ),
    ChangeType.CI: words("ci cicd workflow workflows githubactions gha actions infra nightly precommit"),
    ChangeType.SECURITY: words("security sec cve"),
    ChangeType.REVERT: words("revert reverts"),
    ChangeType.RELEASE: words("release"),
    ChangeType.CONFIG: words("config"),
    ChangeType.CHORE: words("chore lint format typing autosync sync housekeeping"),
}
_KIND_OF_TAG = {word: kind for kind, words in _TAG_KINDS.items() for word in words}


_TELLING_ENDS = words("refactor refactoring fix bugfix feature optimization cleanup")


def tag_kind(tag: str) -> ChangeType | None:
    """The type that a tag, prefix or scope stands for, if it is one of the usual words."""
    plain = re.sub(r"[^a-z0-9]", "", tag.lower())
    if tag.lower().endswith((".md", ".rst", ".mdx")):
        return ChangeType.DOCS
    last = tag.lower().split()[-1:] or [""]
    return _KIND_OF_TAG.get(plain) or (_KIND_OF_TAG.get(last[0]) if last[0] in _TELLING_ENDS else None)


_VERBS: dict[ChangeType, frozenset[str]] = {
    ChangeType.FEATURE: words(
        "add adds added adding support supports supporting supported enable enables enabled enabling "
        "introduce introduces introduced implement implements implemented implementing allow allows allowing "
        "expose exposes exposed provide provides integrate integrates port ports create creates "
        "extend extends "
        "show shows display displays report reports suggest suggests notify widen expand expands "
        "enhance enhances improve improves improved improving accept accepts initial new let register "
        "permit offer include includes export exports upstream adapt generalize recognize teach"
    ),
    ChangeType.FIX: words(
        "ignore ignores refuse stabilize "
        "fix fixes fixed fixing bugfix hotfix correct corrects corrected resolve resolves resolved repair "
        "prevent prevents avoid avoids handle handles handling restore restores ensure ensures guard guards "
        "address addresses workaround mitigate protect reject rejects tolerate patch don't dont "
        "catch check checks validate validates respect preserve preserves honor quickfix "
        "unbreak recover sanitize forbid disallow propagate disable disables disabled disabling"
    ),
    ChangeType.PERF: words(
        "optimize optimizes optimized optimizing optimise speed speedup speeds accelerate accelerates "
        "fuse fuses memoize hoist precompute preload unroll "
        "cache caches vectorize parallelize prefetch overlap tune autotune reduce reduces minimize "
        "reuse reuses"
    ),
    ChangeType.REFACTOR: words(
        "streamline flatten relocate retire dedup reorder modularize styling restyle "
        "refactor refactors refactored refactoring rename renames renamed renaming move moves moved "
        "moving clean "
        "cleanup cleans simplify simplifies extract extracts split splits reorganize restruct restructure "
        "restructures consolidate "
        "unify unifies remove removes removed removing dedupe deduplicate migrate migrates decouple inline "
        "inlines factor drop drops delete deletes deprecate deprecates rewrite rework tidy merge "
        "merges combine "
        "centralize standardize normalize align isolate separate modernize polish prune strip annotate share "
        "format reformat reindent re-indent"
    ),
    ChangeType.DOCS: words("document documents documenting clarify explain typo typos reword describe"),
    ChangeType.TEST: words("test tests testing deflake unskip cover"),
    ChangeType.BUILD: words("bump bumps bumped upgrade upgrades upgraded upgrading pin unpin repin"),
    ChangeType.CHORE: words("lint"),
}
WEAK_VERBS = words(
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
FILLERS = words(
    "tiny quick minor major small a an the some more few just again further super followup follow-up up "
    "follow really "
    "better correctly properly temporarily temp try trying attempt wip slightly simple nit also to we please "
    "always only automatically now optionally partially fully"
)


def verb_kind(word: str) -> ChangeType | None:
    """The type that a leading verb stands for, in any of its forms: `merge`, `merged`, `merging`."""
    return next((kind for form in forms(word) if (kind := _KIND_OF_VERB.get(form)) is not None), None)


def is_weak(word: str) -> bool:
    """Whether a leading verb, in any of its forms, only says that something changes."""
    return verb_kind(word) is None and any(form in WEAK_VERBS for form in forms(word))


def forms(word: str) -> tuple[str, ...]:
    """A word as written, then the verbs of which it may be the `-ing` or `-ed`."""
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
      | v?\d+(?:\.\d+){1,3}(?:[-.]?(?:rc|a|b|alpha|beta|pre)\.?\d*)?\s+release\b
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
    r"|^updat(?:es?|ed|ing) .{1,60} to v?\d+(\.\d+)+(?=$|[.,] )"
    r"|^(?:updat(?:es?|ed|ing)|(?:mov|migrat)(?:es?|ed)|switch(?:es|ed)?) to [A-Z]\w+ v?\d+(?:\.\d+)*"
    r"(?=$|[.,] | and )"
    r"|^(?:move|raise|set)s? .{1,60} to (?:v\d+(?:\.\d+)+|\d+\.\d+\.\d+)$",
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
SYNCS = re.compile(
    r"sync(s|ed|ing)?\b(.*\bupstream\b| (with |from )?\S+\.\w+$)"
    r"|merge (?:the )?(?:branch )?[`'\"]?(?:main|master|dev|develop|trunk|upstream|v\d[\w.]*|release\S*)"
    r"[`'\"]? into \S+$",
    re.IGNORECASE,
)
"""What copies from another repository."""
AFTER_RELEASE = re.compile(
    r"(prepare|start|begin)( for)?( the)? next( development)? (version|cycle|iteration|snapshot)"
    r"|(set|bump|updated?|changed?)( the)?( dev(elopment)?)? version( to \S*dev\d*)?$",
    re.IGNORECASE,
)
OBJECTS: tuple[tuple[ChangeType, re.Pattern[str]], ...] = (
    (
        ChangeType.CHORE,
        re.compile(
            r"\b(clippy|linters?|lints?|linting|mypy|flake8|eslint|pylint)\b"
            r"|\b(?:format checkers?|code formatt(?:ing|er))\b"
            r"|\b(?:rustc|gcc|clang|msvc) warnings?\b"
            r"|^(?:(?:run|apply|make) )?(?:code )?(?:auto-?)?"
            r"(?:format(?:ting)?|fmt|prettier|black|styl(?:e|ing))\W*$",
            re.IGNORECASE,
        ),
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
CLEAR_WORDS = words(
    "fix fixes fixed fixing bug bugs bugfix support supports supporting add adds added adding enable enables "
    "optimize optimizes optimization refactor refactoring cleanup clean-up remove removes "
    "implement implements improve improves"
)
"""Words that tell the type wherever they stand in a subject."""
_SCRIPT = re.compile(r"\bscripts?\b", re.IGNORECASE)
_BUILDS = re.compile(
    r"\b(build\w*|install\w*|setup|packag\w*|wheels?|compil\w*|cmake|docker\w*|publish\w*|deploy\w*)\b|_(build|wheel)",
    re.IGNORECASE,
)


def is_tool(text: str) -> bool:
    """Whether a subject names a script of the project's own people, and not one that builds or installs."""
    return bool(_SCRIPT.search(text)) and not _BUILDS.search(text.replace("_", " "))


OWNERS = re.compile(
    r"\b(code ?owners?|maintainers|committers)\b"
    r"|\b(?:bug report|issue|pull request|PR) (?:form|template)s?\b",
    re.IGNORECASE,
)
"""Who looks after the project, and how others report to them."""
TOOL_WARNS = re.compile(
    r"\bwarnings? (?:on|with|from|under) (?:newer |the |latest )*(?:rust|gcc|g\+\+|clang|msvc|golang)\b",
    re.IGNORECASE,
)
"""What a compiler says to those who build the project."""
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

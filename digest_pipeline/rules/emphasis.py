"""The words of commit messages that speak for or against reading a commit: faults, speed, removal, platforms.

Only words and patterns, no decisions; `signals` measures with them and `evidence` looks at some. Each is
a word of the trade with its usual forms, none is a phrase of one project.
"""

from __future__ import annotations

import re

SECURITY = re.compile(
    r"\b(CVE-\d{4}-\d+|GHSA-\w{4}|vulnerabilit(y|ies)|security (fix|issue|bug|advisory|hole|patch|release)"
    r"|(path|directory)[- ]traversal|sql injection|code injection|command injection|shell injection|xss"
    r"|csrf|ssrf|redos"
    r"|privilege escalation|auth(entication|orization)? bypass|remote code execution|arbitrary code|rce"
    r"|untrusted (input|data|pickle)|leak(s|ed|ing)? (the )?(credentials?|secrets?|tokens?|passwords?)"
    r"|heap overflow|buffer overflow|stack overflow|out[- ]of[- ]bounds (read|write)|use[- ]after[- ]free)\b",
    re.IGNORECASE,
)
SEVERE = re.compile(
    r"\b(crash(es|ed|ing)?|segfaults?|segmentation fault|panics?|dead ?-?locks?|live ?-?locks?|hangs?|hanging"
    r"|infinite loop|data (loss|corruption|races?)|corrupt(s|ed|ion|ing)?|race conditions?"
    r"|(wrong|incorrect|bad) (results?|outputs?|answers?|values?|tokens?|data)|inaccurate"
    r"|accuracy|correctness"
    r"|garbage|garbled|nans?|memory leaks?|oom|out[- ]of[- ]memory|illegal (memory|instruction)\w*"
    r"|undefined behaviou?r|null[- ]?(ptr|pointer)|double[- ]free|use[- ]after[- ]free|out[- ]of[- ]bounds"
    r"|miscompil\w*|overflow|starv\w+|regressions?|silently)\b",
    re.IGNORECASE,
)
"""Faults that nobody can live with."""
FAILS = re.compile(
    r"\b(fail(s|ed|ing|ure)?|cannot|can't|unable|broken|breaks?|leak(s|ed|ing)?|stuck|unusable|abort(s|ed)?"
    r"|issues?|stale|leakage|mismatch(es|ed)?|misbehav\w+"
    r"|(import|module|attribute|type|key|index|runtime|name|value|assertion)error|traceback|exceptions?)\b",
    re.IGNORECASE,
)
"""Words of things that do not work, without saying how bad that is."""
PERF = re.compile(
    r"(?<![\w-])(perf(ormance)?|throughput|latenc(y|ies)|speed ?ups?|faster|slow(er|ness|down)?"
    r"|optimi[sz](?:e[sd]?|ing|ations?)"
    r"|accelerat\w+"
    r"|overheads?|memory (usage|footprint|consumption)|bandwidth|hot[- ]path|fast[- ]path"
    r"|zero[- ]copy|cach(e|ing) (lines?|miss(es)?)|cpu (time|usage|cycles))\b",
    re.IGNORECASE,
)
FASTER = re.compile(r"\b(faster|speed(s|ed)? ?ups?|throughput|latency|perf(ormance)?)\b", re.IGNORECASE)
GAIN = re.compile(
    r"\b(performance|speed|throughput) (improvements?|gains?|win|boost|benefits?)|\bspeed-?ups?\b"
    r"|\b(better|higher|improved|best) (\w+ ){0,2}(performance|throughput)\b"
    r"|\b(is|are|was|were|much) slower\b"
    r"|\b(improv|increas|boost)\w* (the )?(performance|speed|throughput)|\bfaster\b|\bincreases throughput\b"
    r"|\breduc\w+ (the )?(overhead|latency|allocations?)",
    re.IGNORECASE,
)
"""A message that says that something got quicker."""
QUICKENS = re.compile(
    r"\b(vectori[sz]\w+|unroll\w*|coalesc\w+|prefetch\w*|memoi[sz]\w+"
    r"|lazily|lazy[- ]load\w*|quadratic|fast \w+ path"
    r"|(sav(e|es|ing)|fewer|less|lower) (the )?(memory|allocations?|copies|cpu)"
    r"|(improv|reduc|cut|lower)\w* (\w+ ){0,2}(import|startup|load|launch) times?"
    r"|reduc\w+ (\w+ ){0,2}(enum|struct|object) sizes?"
    r"|(remov|eliminat|tak)\w* (\w+ ){0,2}(allocations?|copies))\b",
    re.IGNORECASE,
)
"""What is only done so that something gets quicker or smaller."""
COSTS = re.compile(
    r"\b((re-?)?alloc(s|at\w+)?|cop(y|ies|ying)|clon(e|es|ing)|staging|look-?ups?|round[- ]?trips?|syscalls?"
    r"|repetiti\w+|re-?(comput|pars|read|load|build|encod|hash|scan|fetch|serializ)\w*)\b",
    re.IGNORECASE,
)
"""Work that is better not done: to avoid it is performance."""
WASTE = re.compile(
    r"\b(redundant|unnecessary|needless|wasteful\w*|superfluous|extra|repeated)\b", re.IGNORECASE
)
"""What costs without a use: not doing it is performance, removing its text is tidying."""
NUMBERS = re.compile(
    r"(~?\d+(?:\.\d+)?\s?[x×](?!\d|\w)|[+-]?\d+(?:\.\d+)?\s?%|\d+(?:\.\d+)?\s*(?:ms|us|µs|ns|GB/s"
    r"|TFLOPS?|tok(?:ens)?/s|req/s|qps|ops/s)"
    r"\s*(?:->|→|to|=>)\s*\d)",
    re.IGNORECASE,
)
BOT = re.compile(r"\[bot\]|^(dependabot|renovate|github-actions|pre-commit-ci)\b|-bot$", re.IGNORECASE)
ROUTINE = re.compile(
    r"(bump|update|upgrade|pin)s?\b.*\b(from|to|digest|non-major|dependencies|deps|crate|action"
    r"|requirements|lock ?file)\b",
    re.IGNORECASE,
)
"""A subject of a bump that only carries a number forward."""
EDGE_CASE = re.compile(
    r"\b(when|if|unless|edge|corner|case|invalid|malformed|non-?existing|empty|some|rare(ly)?"
    r"|on (windows|wine|macos)|for (small|large))\b",
    re.IGNORECASE,
)
"""Words of a subject that narrow a fault to some circumstances."""
MINOR = re.compile(
    r"\b(tiny|minor|nits?|typos?|small|trivial|cosmetic|cleanups?|clean up|unused|redundant|dead code"
    r"|lint|formatting"
    r"|whitespace|wording|grammar|log(s|ging)?( messages?)?|messages?|comments?|rename|indentation|qol"
    r"|dummy)\b",
    re.IGNORECASE,
)
DEPRECATION = re.compile(
    r"\b(deprecat(es?|ing|ion of)|sunset|end[- ]of[- ]life|eol|no longer supports?"
    r"|(drop(s|ped|ping)?|remov(es?|ed|ing)) (the |some )?((?!to )[\w./+-]+ ){0,2}support"
    r"|remov(es?|ed|ing) (the |some )?(\w+ )?deprecat\w+)\b",
    re.IGNORECASE,
)
"""The announced or final end of something that people could use; a warning that is heeded is none."""
REMOVAL = re.compile(r"(.{0,30}\b)?(remov(es?|ed|ing)|drop(s|ped|ping)?|delet(es?|ed|ing))\b", re.IGNORECASE)
SURPLUS = re.compile(
    r"\b(unused|dead|unnecessary|unneeded|redundant|outdated|obsolete|leftover|duplicate[ds]?|stale|internal"
    r"|comments?|todos?|code|imports?|logic|usages?|hacks?|workarounds?|warnings?|checks?|debug|prints?|logs?"
    r"|logging|tests?|flags?)\b",
    re.IGNORECASE,
)
"""What is removed without anybody missing it."""
SUPPORT = re.compile(
    r"\b(support(s|ing)?|add(s|ed)?|introduce[sd]?|implement\w*|enable[sd]?|port(s|ed)?|adapt\w*|new|init(ial)?)\b",
    re.IGNORECASE,
)
PLATFORM = re.compile(
    r"\b(python ?3|numpy|torch|pytorch|jax|cuda|rocm|hip|musa|npu|xpu|tpu|gpus?|ascend|intel|amd|arm(64)?"
    r"|aarch64|ppc64\w*|riscv\w*|x86\w*|avx\w*|amx|windows|macos|linux|musl|android|ios|wasm|metal|vulkan|webgpu"
    r"|blackwell|hopper|ampere|[bh][123]00|gb\d+|mi\d{3}|sm_?\d{2,3}\w*|sm1\dx|free[- ]thread\w*|rdma|nvlink"
    r"|ipv6|http/?[23]|quic)\b",
    re.IGNORECASE,
)
"""Machines, systems and runtimes that a program runs on."""

"""What share of commits is analysed in one run when every fault of a mix takes one request in ten.

    .venv/bin/python -m benchmarks.faults [--commits 300] [--timeout 1.0] [--seeds 1] [MIX …]

A server on loopback, in a process of its own, plays the mixes of `digest_pipeline_tests/faults.py`; the
real litellm asks. Counted on the side of the server: commits that were asked again before a Retry-After
had passed, or after a good answer had been sent in whole.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from digest_pipeline import llm
from digest_pipeline.answers import Answers
from digest_pipeline.models import AnalysisState
from digest_pipeline_tests.faults import MIXES
from digest_pipeline_tests.model_items import item, ran

SERVER = """
import json, sys
from digest_pipeline_tests.faults import MIXES, mixed
from digest_pipeline_tests.modelserver import ModelServer
mix, seed = sys.argv[1], int(sys.argv[2])
with ModelServer(mixed(MIXES[mix], seed), latency=0.02).running() as server:
    print(server.base, flush=True)
    sys.stdin.readline()
    print(json.dumps(server.breaches()), flush=True)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mixes", nargs="*", default=list(MIXES))
    parser.add_argument("--commits", type=int, default=300)
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    llm.missing_keys("openai/model")
    total = done = 0
    for mix in chosen.mixes:
        for seed in range(chosen.seeds):
            done += measure(mix, seed, chosen)
            total += chosen.commits
    print(f"all: {done} of {total} analysed ({done / total:.2%})")


def measure(mix: str, seed: int, chosen: argparse.Namespace) -> int:
    """One run; how many commits were analysed."""
    command = [sys.executable, "-c", SERVER, mix, str(seed)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        if server.stdout is None or server.stdin is None:
            raise SystemExit("the server has no pipes")
        base = server.stdout.readline().strip()
        answers = Answers(Path(folder) / "answers.sqlite")
        config = llm.ModelConfig("openai/model", api_base=base, timeout_seconds=chosen.timeout)
        began = time.monotonic()
        run = ran([item(number) for number in range(chosen.commits)], config, answers)
        took = time.monotonic() - began
        answers.close()
        server.stdin.write("\n")
        server.stdin.flush()
        breaches = json.loads(server.stdout.readline())
    states = Counter(analysis.state for analysis in run.analyses.values())
    reasons = Counter(a.reason for a in run.analyses.values() if a.state is not AnalysisState.OK)
    print(
        f"{mix}, seed {seed}: {states[AnalysisState.OK]} of {chosen.commits} analysed, "
        f"{run.tally.calls} calls, {took:.0f} s; {breaches}; left: {dict(reasons)}",
        flush=True,
    )
    return states[AnalysisState.OK]


if __name__ == "__main__":
    main()

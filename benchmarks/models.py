"""How full the calls to a model keep the allowed concurrency, and what a call costs in CPU.

    .venv/bin/python -m benchmarks.models [--calls 200] [--latency 0.5] [--concurrency 16]

A server on loopback, in a process of its own, answers each request after the latency; the real litellm
asks. The ideal is calls / concurrency x latency, in whole rounds. The import of litellm is not counted,
it is printed apart. The second run finds every answer in the ledger.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from digest_pipeline import llm
from digest_pipeline.answers import Answers
from digest_pipeline_tests.model_items import item, ran

SERVER = """
import sys
from digest_pipeline_tests.model_items import good
from digest_pipeline_tests.modelserver import ModelServer
with ModelServer(lambda _received: good(), latency=float(sys.argv[1])).running() as server:
    print(server.base, flush=True)
    sys.stdin.read()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--concurrency", type=int, default=16)
    chosen = parser.parse_args()
    command = [sys.executable, "-c", SERVER, str(chosen.latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None or server.stdin is None:
            raise SystemExit("the server has no pipes")
        base = server.stdout.readline().strip()
        cpu = time.process_time()
        llm.missing_keys("openai/model")
        print(f"import of litellm: {time.process_time() - cpu:.1f} s of CPU")
        with tempfile.TemporaryDirectory() as folder:
            answers = Answers(Path(folder) / "answers.sqlite")
            for name in ("asked", "from the ledger"):
                measure(name, chosen, base, answers)
            answers.close()
        server.stdin.close()


def measure(name: str, chosen: argparse.Namespace, base: str, answers: Answers) -> None:
    """One run over all commits."""
    config = llm.ModelConfig("openai/model", api_base=base, max_concurrency=chosen.concurrency)
    items = [item(number) for number in range(chosen.calls)]
    wall, cpu = time.monotonic(), time.process_time()
    run = ran(items, config, answers)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    ideal = -(-chosen.calls // chosen.concurrency) * chosen.latency
    print(
        f"{name}: {wall:.2f} s for {chosen.calls} commits ({run.tally.calls} calls, {run.tally.hits} hits), "
        f"{wall / ideal:.2f} x the ideal {ideal:.2f} s, {1000 * cpu / chosen.calls:.1f} ms of CPU each, "
        f"p50 {run.tally.quantile_ms(0.5)} ms, p95 {run.tally.quantile_ms(0.95)} ms"
    )


if __name__ == "__main__":
    main()

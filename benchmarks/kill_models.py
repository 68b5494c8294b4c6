"""Kill a run with a model at random moments; no answer that is in the ledger may be asked again.

    .venv/bin/python -m benchmarks.kill_models [--trials 100]

Each trial starts a run over the same commits in a process of its own and kills it (SIGKILL) at a random
time after its first request; a ledger that is complete is put aside and the next trial begins a new one.
The server counts the requests for each question; the ledger tells which were answered before.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from digest_pipeline.answers import Answers
from digest_pipeline_tests.model_items import good
from digest_pipeline_tests.modelserver import ModelServer
from digest_pipeline_tests.test_analyses import run_in_a_process

COMMITS = 80


def answered(path: Path) -> Counter[str]:
    """How often each question was answered, by its key."""
    answers = Answers(path)
    found = Counter(call.answer_key for call in answers.calls(0) if call.status == "ok")
    if any(answers.get(key) is None for key in found):
        raise SystemExit(f"{path}: a call is in the ledger without its answer")
    answers.close()
    return found


def main() -> None:
    """Kill, look, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=100)
    trials = parser.parse_args().trials
    chance = random.Random(1)  # noqa: S311 - moments, not secrets
    kills, ledgers, twice, lost, in_flight = 0, 0, 0, 0, 0
    with (
        tempfile.TemporaryDirectory() as folder,
        ModelServer(lambda _received: good(), latency=0.02).running() as server,
    ):
        while kills < trials:
            path = Path(folder) / f"{ledgers}.sqlite"
            ledgers += 1
            known: Counter[str] = Counter()
            before = len(server.answered)
            while len(known) < COMMITS and kills < trials:
                asked = len(server.received)
                process = run_in_a_process(server, path, COMMITS)
                while len(server.received) == asked and process.poll() is None:
                    time.sleep(0.01)
                time.sleep(chance.uniform(0.0, 0.6))
                process.kill()
                kills += 1
                process.communicate()
                now = answered(path)
                lost += sum(key not in now for key in known)
                known = now
            twice += sum(count - 1 for count in known.values())
            in_flight += len(server.answered) - before - sum(known.values())
    print(
        f"{kills} kills over {ledgers} ledgers: {twice} questions answered twice, {lost} answers lost, "
        f"{in_flight} answers were on their way when the process died"
    )


if __name__ == "__main__":
    main()

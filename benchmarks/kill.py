"""Kills the store 100 times at random points and checks what is left.

    .venv/bin/python benchmarks/kill.py [--trials 100] [--seed 1]

All trials use one folder, so each starts from what the kill before left. Ends with exit code 1 at the
first torn or lost row.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from digest_pipeline_tests.killing import trial


def main() -> int:
    """Run the trials and print what they met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)  # noqa: S311 - moments, not secrets
    start = time.perf_counter()
    left: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="digest-kill-") as folder:
        for number in range(1, options.trials + 1):
            met = trial(Path(folder), dice)
            left.update({name: met[name] for name in met if "." in name})
            print(f"{number} kills, {met}, {time.perf_counter() - start:.0f} s", flush=True)
    print(f"{options.trials} kills: nothing torn, nothing lost; left behind: {dict(left)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How well importance and type are judged, beside the old tool's rules, and what a commit's facts cost.

    python benchmarks/triage.py LABELS MIRRORS            quality on labelled commits
    python benchmarks/triage.py --cost REPOSITORY [N]     milliseconds for the newest N commits (200)

LABELS is a JSON list of {repo, sha, importance, type}; MIRRORS holds a git directory `<owner>+<name>/repo`
for each repository. Three rows are printed: the old tool's rules as they are described (type prefix, size,
file type, number of files); ours as they ship; and ours cross-validated over repositories, with the two
thresholds chosen on all repositories but the one that is judged.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from digest_pipeline.commits import read_commits, read_texts
from digest_pipeline.facts import facts_of
from digest_pipeline.models import Landing, Tier
from digest_pipeline.triage import DEFAULT_WEIGHTS, triage_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digest_pipeline.models import Commit, Triage

TIERS = [Tier.LOW, Tier.MEDIUM, Tier.HIGH]
Pair = tuple[Tier, Tier]
"""(what the readers say, what a rule says)."""
_PREFIX_POINTS = {"feat": 3, "fix": 3, "perf": 3, "refactor": 2, "build": 1, "ci": 1}


def commit_at(clone: Path, repo: str, sha: str) -> Commit:
    """One commit of a repository, read as the pipeline does."""
    landing = Landing(sha, (), 0, "", sha, 0, 0, 1)
    return next(iter(read_commits(clone, repo, [landing], lambda _: dt.date(2026, 1, 1))))


def old_rules(commit: Commit) -> Tier:
    """The old tool's tier, rebuilt from its description (research/peers.md, finding 2)."""
    match = re.match(r"^([a-z]+)(\(.+\))?:", commit.subject)
    points = _PREFIX_POINTS.get(match[1], 0) if match else 0
    changed = commit.insertions + commit.deletions
    points += sum(changed > bound for bound in (20, 100, 500))
    points += 2 * any(
        f.path.endswith((".py", ".c", ".cpp", ".cu", ".rs", ".go", ".ts")) for f in commit.files
    )
    points += sum(len(commit.files) > bound for bound in (3, 10))
    return Tier.HIGH if points >= 7 else Tier.MEDIUM if points >= 4 else Tier.LOW


def scores(pairs: Iterable[Pair]) -> tuple[float, dict[Tier, float]]:
    """Macro-F1 and the recall of each tier."""
    pairs, f1, recall = list(pairs), [], {}
    for tier in TIERS:
        hit = sum(a is tier and b is tier for a, b in pairs)
        said, meant = sum(b is tier for _, b in pairs), sum(a is tier for a, _ in pairs)
        f1.append(2 * hit / (said + meant) if said + meant else 1.0)
        recall[tier] = hit / meant if meant else 1.0
    return statistics.mean(f1), recall


def by_thresholds(score: float, medium: float, high: float) -> Tier:
    """The tier of a score."""
    return Tier.HIGH if score >= high else Tier.MEDIUM if score >= medium else Tier.LOW


def best_thresholds(rows: Sequence[tuple[Tier, float]]) -> tuple[float, float]:
    """The two thresholds with the best macro-F1 on some commits: the middle of all that are nearly best."""
    steps = [i / 5 for i in range(-10, 26)]
    found = {
        (m, h): scores((tier, by_thresholds(score, m, h)) for tier, score in rows)[0]
        for m in steps
        for h in steps
        if m < h
    }
    best = max(found.values())
    near = [pair for pair, f1 in found.items() if f1 >= best - 0.01]
    return statistics.median(m for m, _ in near), statistics.median(h for _, h in near)


def cross_validated(rows: Sequence[tuple[str, Tier, float]]) -> list[Pair]:
    """Every repository judged with the thresholds of the others."""
    pairs = []
    for repo in sorted({name for name, _, _ in rows}):
        chosen = best_thresholds([(tier, score) for name, tier, score in rows if name != repo])
        pairs += [(tier, by_thresholds(score, *chosen)) for name, tier, score in rows if name == repo]
    return pairs


def show(name: str, pairs: list[Pair]) -> None:
    """One row of the table."""
    f1, recall = scores(pairs)
    print(
        f"{name:<28} macro-F1 {f1:.3f}  recall " + "  ".join(f"{t} {recall[t]:.2f}" for t in reversed(TIERS))
    )


def quality(labels: Path, mirrors: Path) -> None:
    """Print how the judgements agree with the labels."""
    labelled = json.loads(labels.read_text(encoding="utf-8"))
    rows: list[tuple[Commit, Triage, dict[str, str]]] = []
    for label in labelled:
        clone = mirrors / label["repo"].replace("/", "+") / "repo"
        commit = commit_at(clone, label["repo"], label["sha"])
        triage = triage_day([(commit, facts_of(read_texts(clone, commit)))])[commit.sha]
        rows.append((commit, triage, label))
    show("old tool, as described", [(Tier(x["importance"]), old_rules(c)) for c, _, x in rows])
    show("ours", [(Tier(x["importance"]), t.importance) for _, t, x in rows])
    show(
        "ours, held-out thresholds",
        cross_validated([(c.repo, Tier(x["importance"]), t.score) for c, t, x in rows]),
    )
    typed = [(t.change_type.value, x["type"]) for _, t, x in rows if x["type"]]
    print(f"type accuracy {sum(a == b for a, b in typed) / len(typed):.3f} on {len(typed)} commits")
    medium, high = DEFAULT_WEIGHTS["threshold_medium"], DEFAULT_WEIGHTS["threshold_high"]
    print(f"thresholds {medium} and {high}, {len(rows)} commits")


def cost(clone: Path, count: int) -> None:
    """Print what facts and judgement cost for the newest commits, reading not counted (CPU time)."""
    listed = subprocess.run(
        ["git", "-C", str(clone), "rev-list", "--no-merges", "-n", str(count), "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    )
    spent = []
    for sha in listed.stdout.split():
        commit = commit_at(clone, clone.parent.name, sha)
        texts = read_texts(clone, commit)
        start = time.process_time()
        triage_day([(commit, facts_of(texts))])
        spent.append(1000 * (time.process_time() - start))
    ranked = sorted(spent)
    p95, most = ranked[int(0.95 * len(ranked))], ranked[-1]
    print(f"{clone}: median {statistics.median(ranked):.1f} ms, p95 {p95:.1f} ms, max {most:.0f} ms")


if __name__ == "__main__":
    if sys.argv[1] == "--cost":
        cost(Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 200)
    else:
        quality(Path(sys.argv[1]), Path(sys.argv[2]))

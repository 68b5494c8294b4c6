"""How well importance and type are judged, beside the old tool's rules, and what a commit's facts cost.

    python benchmarks/triage.py MIRRORS DEVELOPMENT       quality; needs `uv sync --group bench` (scipy)
    python benchmarks/triage.py --days MIRRORS            what the rank within the day does to them
    python benchmarks/triage.py --cost REPOSITORY [N]     milliseconds for the newest N commits (200)

MIRRORS holds a git directory `<owner>+<name>/repo` for each repository of `benchmarks/labels`; DEVELOPMENT is
one more label file (a JSON list of {repo, sha, importance, type}), which is also judged by a model that
was trained without it. Printed: the old tool's rules as they are described (type prefix, size, file type,
number of files); ours, each repository judged by weights that were trained on the others; its confusions; the
type; ours as they ship (these commits were trained on); and what was never trained on.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from labelled import commit_at, development, labels, read, tests

from digest_pipeline.commits import read_texts
from digest_pipeline.facts import facts_of
from digest_pipeline.models import Tier
from digest_pipeline.triage import triage_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labelled import Labelled

    from digest_pipeline.models import ChangeType, Commit

TIERS = [Tier.LOW, Tier.MEDIUM, Tier.HIGH]
Pair = tuple[Tier, Tier]
"""(what the readers say, what a rule says)."""
_PREFIX_POINTS = {"feat": 3, "fix": 3, "perf": 3, "refactor": 2, "build": 1, "ci": 1}


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


def show(name: str, pairs: Sequence[Pair]) -> None:
    """One row of the table."""
    f1, recall = scores(pairs)
    found = "  ".join(f"{t} {recall[t]:.2f}" for t in reversed(TIERS))
    print(f"{name:<44} {len(pairs):>4} commits  macro-F1 {f1:.3f}  recall {found}")


def confusions(pairs: Sequence[Pair]) -> None:
    """How often a tier of the readers was judged as which."""
    for meant in reversed(TIERS):
        row = "  ".join(f"{said} {pairs.count((meant, said)):>3}" for said in reversed(TIERS))
        print(f"    {meant:<7} judged {row}")


def quality(mirrors: Path, path: Path) -> None:
    """Print how the judgements agree with the labels."""
    from training import held_out, judged  # noqa: PLC0415 - scipy is only in the group bench

    sets = {"development": read(development(path), mirrors)}
    seen = {row.label.sha for row in sets["development"]}
    for name, found in labels().items():
        rows = read((label for label in found if label.sha not in seen), mirrors)
        sets[f"reader {name}"], seen = rows, seen | {row.label.sha for row in rows}
    every = [row for rows in sets.values() for row in rows]
    held = held_out(every)
    for name, rows in (sets | {"all": every}).items():
        _show_set(f"{name}, each repository judged by what was learnt from the others", rows, held)
        alone = [(r.label.tier, triage_day([(r.commit, r.facts)])[r.commit.sha].importance) for r in rows]
        show("as shipped (trained on these)", alone)
    rest = [row for name, rows in sets.items() if name != "development" for row in rows]
    _show_set("development, this sample never seen", sets["development"], judged(rest, sets["development"]))
    untrained = {name: read(found, mirrors) for name, found in tests().items()}
    fresh = judged(every, [row for rows in untrained.values() for row in rows])
    for name, rows in untrained.items():
        _show_set(f"{name}, never trained on", rows, fresh)


def _show_set(name: str, rows: Sequence[Labelled], judgements: Mapping[str, tuple[Tier, ChangeType]]) -> None:
    print(f"\n{name}")
    show("old tool, as described", [(r.label.tier, old_rules(r.commit)) for r in rows])
    pairs = [(r.label.tier, judgements[r.label.sha][0]) for r in rows]
    show("ours", pairs)
    confusions(pairs)
    show(
        "... where the reader was sure",
        [pair for pair, r in zip(pairs, rows, strict=True) if r.label.is_sure],
    )
    hits = [judgements[r.label.sha][1] == r.label.type for r in rows if r.label.type]
    print(f"    type accuracy {statistics.mean(hits):.3f} on {len(hits)} commits")


def days(mirrors: Path, most: int = 60) -> None:
    """Print the recall of labelled commits alone and among all commits of their day (UTC, first parent)."""
    rows = read(labels()["ab"][::7][:most], mirrors)
    alone: list[Pair] = []
    ranked: list[Pair] = []
    sizes, share = [], []
    for row in rows:
        repo, sha, tier = row.label.repo, row.label.sha, row.label.tier
        clone = mirrors / repo.replace("/", "+") / "repo"
        day = dt.datetime.fromtimestamp(row.commit.committed_at, dt.UTC).date()
        listed = _git(clone, "log", "--no-merges", "--format=%H", f"--since={day}T00:00:00Z",
                      f"--until={day}T23:59:59Z", "HEAD").split()[:80]  # fmt: skip
        commits = [commit_at(clone, repo, one) for one in {*listed, sha}]
        judged = triage_day([(c, facts_of(read_texts(clone, c))) for c in commits])
        alone.append((tier, triage_day([(row.commit, row.facts)])[sha].importance))
        ranked.append((tier, judged[sha].importance))
        sizes.append(len(commits))
        share.append(sum(t.importance is Tier.HIGH for t in judged.values()) / len(commits))
    print(f"{len(rows)} days, median {statistics.median(sizes)} commits, {statistics.mean(share):.0%} high")
    show("each commit alone", alone)
    show("within its day", ranked)


def _git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(clone), *arguments], capture_output=True, text=True, check=True, errors="replace"
    )
    return done.stdout


def cost(clone: Path, count: int) -> None:
    """Print what facts and judgement cost for the newest commits, reading not counted (CPU time)."""
    spent = []
    for sha in _git(clone, "rev-list", "--no-merges", "-n", str(count), "HEAD").split():
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
    elif sys.argv[1] == "--days":
        days(Path(sys.argv[2]))
    else:
        quality(Path(sys.argv[1]), Path(sys.argv[2]))

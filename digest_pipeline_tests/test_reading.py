from __future__ import annotations

import itertools

import pytest

from digest_pipeline import reports
from digest_pipeline.page.reading import counts, minutes, unfolded
from digest_pipeline_tests.sample_days import SEED_DAY, Day, page, recorded

MONTH = recorded()


def test_words_and_characters_are_counted_without_addresses_and_tags() -> None:
    assert counts('<a id="x"></a>[see this](https://a.b/c) 中文 `a_b.c` 12') == (2, 3)


def test_minutes_add_up() -> None:
    assert minutes("字" * 401) == 2
    assert minutes("word " * 230 + "字" * 400) == 2
    assert minutes("") == 1


def sixty() -> Day:
    """The 60 newest commits of the recorded month as one day."""
    days = list(itertools.islice(reversed(MONTH.values()), 3))
    commits = [c for of in days for c in of.commits][:60]
    triages = {sha: t for of in days for sha, t in of.triages.items()}
    analyses = {sha: a for of in days for sha, a in of.analyses.items()}
    return Day(tuple(commits), triages, analyses)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_day_of_sixty_commits_is_told_before_the_first_fold(language: str) -> None:
    made = reports.render(page(SEED_DAY, sixty(), language), template="digest", language=language)
    characters, words = counts(made.split("<details>", 1)[0])
    assert characters <= 900
    assert words <= 400


def test_the_month_is_read_in_little_time(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for language in ("zh", "en"):
        made = [
            reports.render(page(day, of, language), template="digest", language=language)
            for day, of in MONTH.items()
        ]
        heads = sorted(sum(counts(text.split("<details>", 1)[0])) for text in made)
        visible, everything = (sorted(map(minutes, texts)) for texts in (map(unfolded, made), made))
        for name, values in (
            ("before the first fold", heads),
            ("unfolded, min", visible),
            ("all, min", everything),
        ):
            rows.append((language, name, *(values[int(q * (len(values) - 1))] for q in (0.5, 0.9, 1))))
    with capsys.disabled():
        print("\nlanguage  part                     p50   p90   max")  # noqa: T201 - a table to read
        for language, name, *values in rows:
            print(f"{language:<9} {name:<22}" + "".join(f"{v:>6}" for v in values))  # noqa: T201 - likewise
    assert all(row[4] <= 400 for row in rows if row[1] == "before the first fold")

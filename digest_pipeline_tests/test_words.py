from __future__ import annotations

import re
import string

import pytest

from digest_pipeline.models import AnalysisState, ChangeType, DayState, SettingsError, Tier
from digest_pipeline.page.words import TEMPLATES, Words, words_of

ZH, EN = words_of("zh").table, words_of("en").table


def flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return found


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


def test_both_languages_have_the_same_words_with_the_same_fields() -> None:
    zh, en = flat(ZH), flat(EN)
    assert zh.keys() == {key for key in en if not key.endswith("_one")}
    for key, text in en.items():
        assert fields(text) == fields(zh[key.removesuffix("_one")]), key


def test_every_value_of_the_models_has_words() -> None:
    for table in (ZH, EN):
        assert set(table["tier"]) == set(table["tier_title"]) == {str(t) for t in Tier}
        assert set(table["change"]) == {str(t) for t in ChangeType}
        assert set(table["day_state"]) == {str(s) for s in DayState} | {"missing"}
        assert {str(s) for s in AnalysisState} - set(table) == {"ok"}


def test_every_word_is_used() -> None:
    sources = [p.read_text("utf-8") for p in (*TEMPLATES.glob("*.md.j2"), *TEMPLATES.parent.rglob("*.py"))]
    everything = "\n".join(sources)
    made = {f"effect_{e}" for e in ("none", "relanded")}
    made |= {f"thread_{r}" for r in ("landed", "reverted", "relanded", "followed")}
    made |= {str(s) for s in AnalysisState}
    made |= {f"{s}_short" for s in AnalysisState}
    unused = [
        key
        for key, value in ZH.items()
        if not isinstance(value, dict)
        and not re.search(rf"['\"]{key}['\"]|words\.{key}\b|say\.{key}\b", everything)
    ]
    assert set(unused) <= made


def test_one_is_told_in_the_singular() -> None:
    assert words_of("en")("authors", n=1) == "1 author"
    assert words_of("en")("authors", n=1200) == "1,200 authors"
    assert words_of("zh")("authors", n=1) == "1 位作者"


def test_what_is_filled_in_is_escaped() -> None:
    assert words_of("en")("series_badge", part="<b>") == "🧩 series &lt;b>"


def test_a_language_that_is_not_there_is_an_error_of_the_settings() -> None:
    with pytest.raises(SettingsError, match="use one of zh, en"):
        Words("fr")

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.model.evidence import Evidence
from digest_pipeline.model.prose import Count, checked, is_in_language, plain
from digest_pipeline.model.questions import AnswerError
from digest_pipeline.model.replies import FORMS, read
from digest_pipeline.model.verify import Verified, verify
from digest_pipeline.models import ChangeType, FileKind, FileText, Tier
from digest_pipeline_tests.model_items import NEW, OLD, PATCH, change, good, item

if TYPE_CHECKING:
    from digest_pipeline.analyses import Item

QUOTE = "def __init__(self, retries=3):"


def evidence(of: Item | None = None) -> Evidence:
    of = of or item()
    return Evidence.of_commit(of.commit, of.texts())


def said(tier: Tier = Tier.HIGH, of: Item | None = None, language: str = "zh", **fields: object) -> Verified:
    of = of or item(tier=tier)
    given_answer = read(good(**fields), FORMS[tier])
    return verify(given_answer, evidence(of), of.triage, of.by_rules, language=language, held=of.held)


def text(sentence: str, of: Item | None = None, path: str | None = None) -> str:
    return checked(sentence, evidence(of), Count(), path=path)


def claim(
    words: str = "默认重试三次", file: str | None = "net/pool.py", quote: str | None = QUOTE
) -> dict[str, object]:
    return {"text": words, "file": file, "quote": quote}


def test_what_stands_in_the_commit_is_taken_over() -> None:
    verified = said(
        risks=[claim("可能重复发送")], insights={"architecture": claim("连接池自带重试"), "security": None}
    )
    analysis = verified.analysis
    assert analysis.change_type is ChangeType.FIX
    assert (
        analysis.summary
        == "连接池 `Pool` 默认重试断开的连接。`Pool` 的 `retries` 默认值改变，断开的连接会先重连再报错。"
    )
    assert analysis.behaviour == ("`retries` 的默认值由 0 变为 3",)
    assert analysis.scope == ("net/pool.py",)
    assert analysis.insights.architecture == "连接池自带重试"
    assert analysis.insights.security is None
    assert [(risk.text, risk.file, risk.quote) for risk in analysis.risks] == [
        ("可能重复发送", "net/pool.py", QUOTE)
    ]
    assert analysis.unverified == 0
    assert verified.named == verified.proven > 0


@pytest.mark.parametrize(
    "untrue",
    [
        claim(file="net/other.py"),
        claim(quote="def __init__(self, retries=5):"),
        claim(quote=None),
        claim(quote="="),
        claim(file=None, quote="nowhere at all"),
        {"text": "没有依据"},
    ],
)
def test_claims_without_a_touched_file_and_a_standing_quote_are_dropped(untrue: dict[str, object]) -> None:
    analysis = said(
        risks=[untrue], behaviour=[untrue], advice=[untrue], insights={"performance": untrue}
    ).analysis
    assert (analysis.risks, analysis.behaviour, analysis.advice) == ((), (), ())
    assert analysis.insights.performance is None
    assert analysis.unverified == 4


@pytest.mark.parametrize(
    "true",
    [
        claim(file="pool.py"),
        claim(quote="+    def __init__(self,   retries=3):"),
        claim(quote="class Pool:\n    def __init__(self, retries=3):"),
        claim(quote="drops idle connections"),
        claim(file=None, quote="drops idle connections"),
        claim(quote="import time"),
    ],
)
def test_quotes_stand_in_the_diff_the_whole_file_or_the_message(true: dict[str, object]) -> None:
    assert len(said(risks=[true]).analysis.risks) == 1


OTHER = FileText(
    change("net/tls.py"), b"", b"verify = True\n", "@@ -1 +1 @@\n-verify = True\n+verify = False\n"
)
PAIR = item(texts=(FileText(change(), OLD, NEW, PATCH), OTHER))


@pytest.mark.parametrize(
    "untrue",
    [
        claim(quote="verify = False"),  # of another file
        claim(file="net/tls.py", quote=QUOTE),
        claim(file="net/рool.py"),  # with a Cyrillic letter
        claim(quote="def __init__(self, rеtries=3):"),  # likewise
        claim(quote="def __init__(self, ｒetries=3):"),  # full width
        claim(quote="default changed: retries 0 -> 3"),  # what the rules said, not the commit
        claim(quote="self._send(request)"),  # of the prompt's example
        claim(quote="连接池默认重试断开的连接，偶发的网络中断不再直接报错"),  # likewise
        claim(quote="[redacted: Token]"),  # nothing was taken out
    ],
)
def test_quotes_of_another_file_of_the_prompt_or_in_likenesses_prove_nothing(
    untrue: dict[str, object],
) -> None:
    assert said(of=PAIR, risks=[untrue]).analysis.risks == ()


def test_a_mark_for_a_secret_may_be_quoted_where_one_was_taken_out() -> None:
    token = "ghp_" + "a1B2" * 9
    texts = (FileText(change(), b"", b"", f'@@ -1 +1 @@\n-token = ""\n+token = "{token}"\n'),)
    quoting = claim("提交了访问令牌", quote='+token = "[redacted: Token]"')
    (risk,) = said(of=item(tier=Tier.HIGH, texts=texts), behaviour=[], risks=[quoting]).analysis.risks
    assert token not in (risk.quote or token)


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("retries=3", True),
        ("Pool(retries=3)", True),
        ("Pool.retries", True),
        ("pool.py", True),
        ("Pool(retries=99)", False),
        ("retrie", False),  # the beginning of a word
        ("P", False),
        ("--retries", False),
        ("max-retries", False),
        ("Рool", False),  # a Cyrillic letter
    ],
)
def test_a_name_stands_in_whole_words(name: str, *, stands: bool) -> None:
    assert (text(f"改动涉及 `{name}` 一处。") == f"改动涉及 `{name}` 一处。") is stands


@pytest.mark.parametrize(
    "around", ["```\n{}\n```", "```python\n{}\n```", "``` {} ```", "`` {} ``", "```{}```"]
)
def test_no_fence_lends_a_name_its_backticks(around: str) -> None:
    count = Count()
    shown = checked("改了默认值，见 " + around.format("`drop_all()`") + " 处", evidence(), count)
    assert "`drop_all" not in shown
    assert checked("见 " + around.format("drop_all()"), evidence(), count).count("`") == 0


@pytest.mark.parametrize(
    "figure",
    [
        *("延迟降低 3 毫秒", "超时为 3 分钟", "保留 3 天", "takes 3 hours", "占用 3 TB"),
        *("提速３０％", "提速百分之三十", "快三倍", "性能翻倍", "three times faster", "thirty percent"),
        *("默认值改为 45", "上限为 3.5"),
    ],
)
def test_figures_in_other_units_digits_or_words_are_figures(figure: str) -> None:
    assert text(f"改了默认值。{figure}。仍然兼容。") == "改了默认值。仍然兼容。"


def test_figures_that_a_name_gives_a_unit_stand() -> None:
    patch = "@@ -1 +1 @@\n-timeout_seconds = 30\n+timeout_seconds = 45\n+KEEP_DAYS: int = 14\n"
    of = item(texts=(FileText(change(), b"", b"", patch),))
    for sentence in (
        "超时由 30 秒改为 45 秒。",
        "保留 14 天。",
        "默认值改为 45。",
        "共 12 个文件，第 10 步。",
    ):
        assert text(sentence, of) == sentence
    assert text("超时改为 45 毫秒。", of) == ""
    assert text("超时改为 14 秒。", of) == ""


def test_advice_to_add_what_is_missing_says_that_it_is_missing() -> None:
    assert text("缺少 `time` 的导入，建议补充。", path="net/pool.py") == ""
    assert text("The check is missing and should be added.") == ""
    assert text("补上此前缺少的检查。") == "补上此前缺少的检查。"


def test_an_address_stands_whole_and_not_in_parts() -> None:
    of = item(subject="Document pool retries at example com https")
    assert text("改了默认值。详见 https://pool.example.com/retries。", of) == "改了默认值。"


def test_parts_in_another_language_are_left_out() -> None:
    english = "This changes the behaviour of every single caller"
    analysis = said(
        summary=english,
        behaviour=[claim(english), claim()],
        risks=[claim(english)],
        insights={"security": claim(english), "architecture": claim("连接池自带重试")},
        importance={"move": "down", "reason": english},
    ).analysis
    assert (analysis.behaviour, analysis.risks) == (("默认重试三次",), ())
    assert (analysis.insights.security, analysis.insights.architecture) == (None, "连接池自带重试")
    assert english not in analysis.summary
    assert analysis.tier is Tier.HIGH


def test_names_that_stand_nowhere_lose_their_backticks_and_are_counted() -> None:
    analysis = said(
        summary="新增 `Pool.__init__(retries)`，并调用 `reconnect_all`，见 `net/pool.py`。"
    ).analysis
    assert "`Pool.__init__(retries)`" in analysis.summary
    assert "`net/pool.py`" in analysis.summary
    assert "调用 reconnect_all，" in analysis.summary
    assert analysis.unverified == 1


@pytest.mark.parametrize(
    "figure", ["提速 30%", "1.2‑1.5 倍吞吐", "节省 40 MB", "降低 12ms", "快 2x", "30 percent"]
)
def test_sentences_with_figures_that_stand_nowhere_are_dropped(figure: str) -> None:
    assert text(f"改了默认值。整体{figure} 左右。仍然兼容。") == "改了默认值。仍然兼容。"


def test_figures_of_the_commit_stay_and_parts_of_numbers_are_no_proof() -> None:
    of = item(subject="Make it 30% faster, 1.25x in all")
    assert text("整体提速 30%，即 1.25x。", of) == "整体提速 30%，即 1.25x。"
    assert text("整体提速 3%。", of) == ""
    assert text("整体提速 25%。", of) == ""


def test_acronyms_are_not_expanded_unless_the_commit_does() -> None:
    of = item(subject="Add DP (data parallel) and NSA kernels")
    assert (
        text("支持 DP（Data Parallel）与 NSA（Non-Self-Attention）。", of)
        == "支持 DP（Data Parallel）与 NSA。"
    )
    assert text("支持 NSA（非自注意力）。", of) == "支持 NSA。"
    assert text("Adds Native Sparse Attention (NSA) kernels.", of) == "Adds NSA kernels."
    assert text("使用 NSA（见上文第 2 点）。", of) == "使用 NSA。"


def test_absence_is_stated_only_when_the_whole_new_file_confirms_it() -> None:
    assert text("`net/pool.py` 缺少 `json` 的导入。") == "`net/pool.py` 缺少 `json` 的导入。"
    assert text("`net/pool.py` 缺少 `time` 的导入。") == ""
    assert text("`json` is not imported.", path="net/pool.py") == "`json` is not imported."
    assert text("`time` is not imported.", path="net/pool.py") == ""
    assert text("没有测试覆盖这一改动。") == ""
    unread = item(texts=(FileText(change(), None, None, "@@ -1 +1 @@\n+x\n"),))
    assert text("`net/pool.py` 缺少 `json` 的导入。", unread) == ""


def test_what_was_missing_before_may_be_told() -> None:
    assert text("修复缺少重试的问题。") == "修复缺少重试的问题。"
    assert text("Adds the missing check.") == "Adds the missing check."


@pytest.mark.parametrize(
    "deed",
    [
        "搜索全库发现只有一处调用。",
        "I searched the repository for callers.",
        "可安全上线。",
        "建议合并。",
        "LGTM.",
        "经测试没有问题。",
    ],
)
def test_deeds_that_nobody_did_and_sign_offs_are_dropped(deed: str) -> None:
    assert text(f"改了默认值。{deed}") == "改了默认值。"


def test_addresses_that_the_commit_does_not_have_are_dropped_with_their_sentence() -> None:
    assert text("改了默认值。详见 https://evil.example/x。") == "改了默认值。"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("# Title\n\n- one\n- two", "Title one two"),
        ("**bold** and `__init__` and `a**b`", "bold and `__init__` and `a**b`"),
        ("![x](http://a/b.png) [link](javascript:alert(1))", "x link)"),
        ("<script>alert(1)</script><img src=x onerror=y>text", "alert(1)text"),
        ("a\u202eb\u200bc\x1b[31md\x00", "abc[31md"),
        ("one\n---\n```python\ntwo\n```", "one two"),
        ("a < b and List<int> stay", "a < b and List<int> stay"),
    ],
)
def test_marks_tags_and_characters_that_cannot_be_seen_are_taken_out(raw: str, expected: str) -> None:
    assert plain(raw) == expected


def test_long_texts_end_at_a_sentence() -> None:
    long = "。".join(f"第 {n} 句改了默认值" for n in range(200)) + "。"
    short = checked(long, evidence(), Count(), longest=100)
    assert len(short) <= 100
    assert short.endswith("。")


@pytest.mark.parametrize(
    ("texts", "language", "fits"),
    [
        (["修复 scheduler 在 data parallel attention 下的启动错误"], "zh", True),
        (["Fix the scheduler"], "zh", False),
        (["Fix the scheduler of naïve users"], "en", True),
        (["修复调度器"], "en", False),
        (["Исправлен планировщик"], "en", False),
        (["`Pool`"], "zh", True),
        (["接続プールが切断された接続を再試行するようになりました"], "zh", False),
    ],
)
def test_the_language_is_told_by_its_letters(texts: list[str], language: str, *, fits: bool) -> None:
    assert is_in_language(texts, language) is fits


def test_a_wrong_language_is_no_answer() -> None:
    with pytest.raises(AnswerError, match="not written in English"):
        said(language="en")
    english = {
        "headline": "Retries lost connections",
        "summary": "The default of `retries` changes.",
        "behaviour": [],
    }
    with pytest.raises(AnswerError, match="not written in Simplified Chinese"):
        said(**english)
    assert said(language="en", **english).analysis.summary.startswith("Retries lost connections. The default")


def test_an_answer_of_which_nothing_stands_is_no_answer() -> None:
    with pytest.raises(AnswerError, match="nothing that stands"):
        said(headline="整体提速 30%。", summary="经测试没有问题。")


@pytest.mark.parametrize(
    ("tier", "move", "reason", "expected"),
    [
        (Tier.MEDIUM, "up", "默认值改变影响所有调用方", Tier.HIGH),
        (Tier.MEDIUM, "down", "只是内部改动", Tier.LOW),
        (Tier.MEDIUM, "up", "", Tier.MEDIUM),
        (Tier.MEDIUM, "none", "理由", Tier.MEDIUM),
        (Tier.HIGH, "up", "理由", Tier.HIGH),
        (Tier.LOW, "down", "理由", Tier.LOW),
    ],
)
def test_a_model_moves_the_tier_by_one_with_a_reason_that_is_shown(
    tier: Tier, move: str, reason: str, expected: Tier
) -> None:
    analysis = said(tier, importance={"move": move, "reason": reason}).analysis
    assert analysis.tier is expected
    assert analysis.reason == (reason if expected is not tier else None)


def test_no_model_moves_a_commit_below_what_a_fact_demands() -> None:
    down = {"move": "down", "reason": "只是例行维护"}
    of = item(tier=Tier.HIGH)
    assert said(Tier.HIGH, dataclasses.replace(of, held=True), importance=down).analysis.tier is Tier.HIGH
    assert said(Tier.HIGH, of, importance=down).analysis.tier is Tier.MEDIUM


def test_no_model_moves_a_commit_down_that_changes_what_ci_may_do() -> None:
    patch = "@@ -1,2 +1,3 @@\n permissions:\n-  contents: read\n+  contents: write\n"
    texts = (FileText(change(".github/workflows/x.yml", FileKind.CI), b"", b"", patch),)
    of = item(tier=Tier.MEDIUM, texts=texts)
    down = {"move": "down", "reason": "只是例行维护"}
    assert said(Tier.MEDIUM, of, importance=down, behaviour=[]).analysis.tier is Tier.MEDIUM


def test_the_scope_is_of_touched_paths_and_folders_and_else_the_rules() -> None:
    assert said(scope=["net/", "`net/pool.py`", "everything", "openai/*"]).analysis.scope == (
        "net/",
        "net/pool.py",
    )
    assert said(scope=["src/x.py"]).analysis.scope == ("net/pool.py",)


@pytest.mark.parametrize(
    "part", ["A-", "A ", "Aa-", "1,", "1-", "`", "[", "![", "<a ", "没有", "http://", "A("]
)
def test_no_text_takes_long(part: str) -> None:
    began = time.process_time()
    text(part * (4000 // len(part)))
    assert time.process_time() - began < 1


@given(st.text(max_size=200))
def test_any_text_is_checked_without_failing_and_stays_one_line(raw: str) -> None:
    done = text(raw)
    assert "\n" not in done
    done.encode("utf-8")
    assert checked(done, evidence(), Count()) is not None


@given(st.dictionaries(st.sampled_from(["headline", "summary"]), st.text(min_size=1, max_size=100)))
def test_any_answer_is_verified_or_refused(fields: dict[str, str]) -> None:
    try:
        analysis = said(
            headline=fields.get("headline", "改了"), summary=fields.get("summary", "改了")
        ).analysis
    except AnswerError:
        return
    json.dumps(analysis.summary)
    assert analysis.summary

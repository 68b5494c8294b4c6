from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest_pipeline.page import markdown
from digest_pipeline.page.markdown import cell, code, columns, cut, label, link, plain, prose, text

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PIECES = [
    *"`|<>[]()!*_~#+-=.:&$@\\{}%^\"' ",
    *(
        "](",
        "![",
        "```",
        "~~~",
        "---",
        "[x] ",
        "[^1]: ",
        "]: ",
        "&lt;",
        "&#60;",
        "{{",
        "{%",
        "{#",
        "- ",
        "1. ",
    ),
    *(
        "https://a.b/c",
        "www.a.bc",
        "mailto:a@b.cd",
        "@all",
        "a@b.cd",
        "<script>",
        "<!--",
        "</details>",
        "<a id=x>",
    ),
    *(
        "javascript:x",
        "foo",
        "a_b",
        "中文",
        "\n",
        "\r",
        "\t",
        "\x1b[31m",
        "\u202e",
        "\u200f",
        "\u200b",
        "\ud800",
    ),
    *("\x00", "\u2028", "#", "##", "$x$", "**b**", "__init__", "👩\u200d💻", "[!NOTE]"),
]
NASTY = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)


def kinds(source: str) -> list[str]:
    """The block tokens of a source, and the marks inside its lines that are more than text and code."""
    found = []
    for token in PARSER.parse(source):
        found.append(token.type)
        if token.type == "inline":
            found += [
                t.type for t in token.children or [] if t.type not in {"text", "text_special", "code_inline"}
            ]
    return found


def shown(source: str) -> str:
    """What a reader sees of the first line of a source."""
    inline = next(t for t in PARSER.parse(source) if t.type == "inline")
    return "".join(t.content for t in inline.children or [])


def bare(source: str) -> str:
    """What stands outside code spans, where GitHub makes links and mentions by itself."""
    inline = (t for t in PARSER.parse(source) if t.type == "inline")
    return " ".join(t.content for line in inline for t in line.children or [] if t.type != "code_inline")


def as_shown(value: str) -> str:
    """A text as a renderer shows it, without the backticks that may have made a code span."""
    return plain(value).replace("`", "")


@given(NASTY)
@example("1. a")
@example("`@a``@b`")
@example("@a`b`")
@example("`a``b`")
@example("`a`b`c`")
@example("www.a.b`中[xmpp:a@b.c]`")
@example("\\`a`")
@example("\\@a\\")
@example("# #")
@example("[a]: https://b.c")
@example("a\\|b | c")
@example("-")
@example("- ##")
@example("[](]: b")
def test_a_text_is_only_text_wherever_it_stands(value: str) -> None:
    made = text(value)
    if not made:
        assert plain(value) == ""
        return
    assert kinds(made) == ["paragraph_open", "inline", "paragraph_close"]
    assert kinds(f"#### {made}") == ["heading_open", "inline", "heading_close"]
    item = ["bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close"]
    assert kinds(f"- {made}") == [*item, "list_item_close", "bullet_list_close"]
    for source in (made, f"#### {made}"):
        assert shown(source).replace("`", "") == as_shown(value)


@given(NASTY, NASTY)
def test_a_text_stays_in_its_cell_of_a_table(one: str, two: str) -> None:
    rows = [
        t for t in PARSER.parse(f"| a | b |\n|---|---|\n| {cell(one)} | {cell(two)} |") if t.type == "inline"
    ]
    assert [r.content for r in rows[:2]] == ["a", "b"]
    assert len(rows) == 4
    for row, value in zip(rows[2:], (one, two), strict=True):
        assert all(t.type in {"text", "text_special", "code_inline"} for t in row.children or [])
        assert "".join(t.content for t in row.children or []).replace("`", "") == as_shown(value)


@given(NASTY)
def test_a_label_stays_in_its_link(value: str) -> None:
    source = f"x {link(label(value), '#a')} y"
    inline = next(t for t in PARSER.parse(source) if t.type == "inline")
    opened = [t for t in inline.children or [] if t.type == "link_open"]
    assert [t.attrs for t in opened] == [{"href": "#a"}]
    assert kinds(source)[2:-1] == ["link_open", "link_close"]
    assert shown(source).replace("`", "") == f"x {as_shown(value)} y"


@given(NASTY)
def test_code_shows_what_it_holds(value: str) -> None:
    assert set(kinds(f"x {code(value)} y")) == {"paragraph_open", "inline", "paragraph_close"}
    assert shown(f"x{code(value)}y").replace("`", "") == f"x{as_shown(value)}y"


@given(NASTY)
def test_prose_makes_nothing_but_code_spans(value: str) -> None:
    made = prose(value)
    if made:
        assert kinds(made) == ["paragraph_open", "inline", "paragraph_close"]
    squeezed = re.sub(r"[`\s]", "", as_shown(value))
    assert re.sub(r"[`\s]", "", shown(f"x{made}")) == f"x{squeezed}"


@given(NASTY)
@example("`{{`{{")
@example("@all%.a@b.cd")
@example("a_b@.a_b")
def test_nothing_that_github_or_a_site_generator_acts_on_is_left(value: str) -> None:
    for made in (text(value), cell(value), label(value), code(value), prose(value)):
        outside = bare(f"x {made}")
        assert not re.search(r"(?:https?|ftp)://|www\.\w|@\w|mailto:\w", outside, re.IGNORECASE)
        assert not re.search(r"\{[{%#]", made)
        assert not [c for c in made if unicodedata.category(c) in {"Cc", "Cs"}]
        assert not re.search("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]", made)
        made.encode("utf-8")


@given(NASTY)
def test_no_dollar_begins_mathematics(value: str) -> None:
    for made in (text(value), cell(value), label(value)):
        assert "$" not in re.sub(r"`[^`]*`", "", made.replace("\\`", ""))


def test_texts_of_a_usual_kind_stay_as_they_are() -> None:
    usual = "[diffusion] fix(glm-image): single-GPU T5 config + SP support for 4D latents (#18… (#18739)"
    assert cell(usual) == text(usual) == usual
    assert (
        cell("mul_add naive a * b, 50% faster; see #1 & a/b")
        == "mul_add naive a * b, 50% faster; see #1 & a/b"
    )


def test_marked_names_are_code_and_other_backticks_are_text() -> None:
    for usual in ("Fix `foo` in `bar_baz`.", "Remove `America/Los_Angeles` (#18121)", "`a`, `--b` -> `c*d`"):
        assert cell(usual) == usual
    assert text("a ` b ``` c ` d") == "a \\` b \\`\\`\\` c \\` d"
    assert shown(text("a ` b ``` c")) == "a ` b ``` c"
    assert text("`a`@b `c|d` `{{e}}`") == "\\`a\\``@b` \\`c\\|d\\` \\`{\\{e}}\\`"


def test_what_hides_is_shown_or_gone() -> None:
    assert plain("a\u202eb") == "a⟦U+202E⟧b"
    assert plain("\x1b[31mred\x1b[0m\x07 \ud800 a\u200db") == "red \ufffd ab"
    assert plain("👩\u200d💻 می\u200cخواهم") == "👩\u200d💻 می\u200cخواهم"
    assert plain("one\ntwo\u2028three") == "one two three"


def test_mentions_and_addresses_are_code() -> None:
    assert text("thanks @all, see https://a.b/c.") == "thanks `@all`, see `https://a.b/c`."


def test_prose_keeps_names_as_code() -> None:
    assert prose("`send()` now returns `a|b`, not `x` <b>") == "`send()` now returns a\\|b, not `x` &lt;b>"


@pytest.mark.parametrize(
    "value",
    [
        "a" * 15_000,
        "_*" * 7_000,
        "https://)" * 1_700,
        "a@" * 7_000,
        "@" * 15_000,
        "@[" * 7_000,
        "\\`" * 7_000,
    ],
)
def test_long_texts_take_time_in_proportion(value: str) -> None:
    assert len(text(value)) >= len(value)
    assert len(prose(value)) >= len(value) // 2


@given(st.text(), st.integers(1, 30))
def test_a_cut_text_fits(value: str, width: int) -> None:
    made = cut(value, width)
    assert columns(made) <= width
    assert made == value or made.endswith("…")


def test_chinese_characters_take_two_columns() -> None:
    assert columns("中文ab") == 6
    assert cut("中文中文", 5) == "中文…"
    assert markdown.cut("abc", 3) == "abc"


def test_a_text_is_cut_between_words_and_not_behind_an_open_bracket() -> None:
    assert cut("one two three", 11) == "one two…"
    assert cut("one two three", 8) == "one two…"
    assert cut("onetwothree", 8) == "onetwot…"
    assert cut("改动缓存（在文件中）", 12) == "改动缓存…"

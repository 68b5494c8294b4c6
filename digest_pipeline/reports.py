"""Station 4: pages as Markdown and as data. The only place where report templates are rendered.

Templates get a `Page` with raw texts. Whatever a template prints is escaped on its way out unless it
is `Markdown` already, so a template, also one of a user's own, cannot forget it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from digest_pipeline.files import report_path
from digest_pipeline.models import SettingsError, Tier
from digest_pipeline.page import page_lines, phrases
from digest_pipeline.page.indexes import index_of
from digest_pipeline.page.markdown import Markdown, cell, code, label, link, prose, text
from digest_pipeline.page.reading import READING, with_reading_time
from digest_pipeline.page.sparkline import bars, svg
from digest_pipeline.page.words import TEMPLATES, Words, words_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence

    from jinja2.bccache import Bucket

    from digest_pipeline.models import DayRecord
    from digest_pipeline.page.briefs import Brief
    from digest_pipeline.pages import Page

SCHEMA_VERSION = 2
BUILT_IN = ("digest", "classic")


def render(page: Page, *, template: str, language: str) -> str:
    """The page as Markdown.

    `template` is `digest`, `classic` or the path of a template of the user's own; what it can use is
    told in docs/templates.md. Raises SettingsError, one line with file and line, when it does not work.
    """
    words = words_of(language)
    known = _vocabulary(words, page)
    made = _built_in(template, known) if template in BUILT_IN else _own(Path(template), known)
    return with_reading_time(words, made)


_OF_THE_PAGE = (
    phrases.badges,
    page_lines.footer_lines,
    phrases.low_line,
    phrases.meta,
    phrases.meta_tail,
    page_lines.navigation,
    page_lines.window,
)
_IN_WORDS = (
    phrases.claim,
    phrases.contents_title,
    phrases.folded_title,
    page_lines.highlight_line,
    phrases.importance,
    phrases.insight_lines,
    page_lines.names,
    page_lines.state_reason,
    phrases.notes,
    phrases.scope,
    phrases.seed_line,
    phrases.seed_title,
    phrases.summary,
    page_lines.thread_line,
    phrases.title,
    page_lines.usual_line,
)
_PLAIN = (
    phrases.anchors,
    bars,
    link,
    phrases.dotted,
    page_lines.merge_links,
    page_lines.moment,
    phrases.pr_link,
)


def _vocabulary(words: Words, page: Page) -> dict[str, object]:
    """What a template of one page can name."""
    return {
        "page": page,
        "say": words,
        "tiers": tuple(Tier),
        "reading": READING,
        **{phrase.__name__: functools.partial(phrase, words, page) for phrase in _OF_THE_PAGE},
        **{phrase.__name__: functools.partial(phrase, words) for phrase in _IN_WORDS},
        **{phrase.__name__: phrase for phrase in _PLAIN},
    }


def render_json(page: Page) -> str:
    """The page as data: the fields of `Page` as docs/report.schema.json describes them."""
    content = {"schema_version": SCHEMA_VERSION} | _fields(page)
    dumped = json.dumps(content, ensure_ascii=False, indent=1, default=_fields)
    return re.sub("[\ud800-\udfff]", "\ufffd", dumped) + "\n"


def _fields(value: object) -> Any:  # noqa: ANN401 - what JSON knows
    """The fields of a value for JSON, a date as text; `asdict` would copy all of it first."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


def render_sparkline(page: Page) -> str | None:
    """The SVG of the days up to this one, or None while there are too few."""
    if page.usual is None:
        return None
    return svg(page.usual.trend, words_of(page.language)("sparkline", days=len(page.usual.trend)))


def page_files(page: Page, reports_dir: Path, *, template: str, language: str) -> dict[Path, str]:
    """The page, its data and its sparkline by the paths where they belong; the page comes last."""
    path = report_path(reports_dir, page.repo, page.day)
    picture = render_sparkline(page)
    files = {} if picture is None else {path.with_suffix(".svg"): picture}
    markdown = render(page, template=template, language=language)
    return files | {path.with_suffix(".json"): render_json(page), path: markdown}


def render_daily(
    day: dt.date, pages: Sequence[Brief | Page], missing: Sequence[str] = (), *, language: str
) -> str:
    """The page across repositories, in the order given: a table, then each one's highlights.

    `missing` are the names of the repositories of which nothing is known for this day.
    """
    words = words_of(language)
    addresses = {page.repo: f"../{report_path(Path(), page.repo, day).as_posix()}" for page in pages}
    highlight_line = functools.partial(page_lines.highlight_line, words)
    known = {"day": day, "pages": pages, "missing": missing, "addresses": addresses}
    said = {"say": words, "link": link, "highlight_line": highlight_line, "unbroken": page_lines.unbroken}
    state_reason = functools.partial(page_lines.state_reason, words)
    return _built_in("daily", known | said | {"state_reason": state_reason})


def render_index(
    records: Sequence[DayRecord], *, language: str, dailies: Collection[dt.date] | None = None
) -> str:
    """The index of all reports, newest day first.

    `dailies` are the days that have a page across repositories (None: all of them). Links go only to
    records with a `report_path`; beyond the newest weeks the days are folded by month and lead to
    their daily page, so that a thousand days of twenty repositories stay a page that opens.
    """
    lines = (link, page_lines.index_cells, page_lines.unbroken)
    known = {"say": words_of(language)} | {line.__name__: line for line in lines}
    return _built_in("index", known | {"index": index_of(records, dailies)})


def _built_in(name: str, known: Mapping[str, object]) -> str:
    return _environment().get_template(f"{name}.md.j2").render(known)


def _own(path: Path, known: Mapping[str, object]) -> str:
    """A template of the user's own; every way in which it can fail is one line that names the line."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"report.template: {path}: cannot be read: {error}") from error
    environment = _environment()
    try:
        compiled = environment.compile(source, name=str(path), filename=str(path))
        return environment.template_class.from_code(environment, compiled, dict(environment.globals)).render(
            known
        )
    except jinja2.TemplateSyntaxError as error:
        raise _broken(path, error.lineno, error) from error
    except Exception as error:  # a template can raise anything that its expressions raise
        raise _broken(path, _line(error, str(path)), error) from error


def _broken(path: Path, line: int | None, error: Exception) -> SettingsError:
    where = f"{path}, line {line}" if line else str(path)
    said = " ".join(str(error).split()) or type(error).__name__
    return SettingsError(f"report.template: {where}: {said}; see docs/templates.md")


def _line(error: Exception, filename: str) -> int | None:
    lines = []
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == filename:
            lines.append(step.tb_lineno)
        step = step.tb_next
    return lines[-1] if lines else None


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Compiled templates, kept as Python keeps modules: to compile them takes longer than to fill them in."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):  # installed where nobody may write: compiled every time
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


@functools.cache
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_Compiled(str(TEMPLATES / "__pycache__"), f"%s.jinja-{jinja2.__version__}"),
    )
    environment.filters |= {escape.__name__: _filter(escape) for escape in (cell, code, label, prose, text)}
    return environment


def _filter(escape: Callable[[str], Markdown]) -> Callable[[object], Markdown]:
    """A function of `markdown` as a filter, which is given dates and numbers, too."""
    return lambda value: escape("" if value is None else str(value))


def _printed(value: object) -> object:
    """What a template prints: Markdown and numbers as they are, nothing for None, the rest escaped."""
    if isinstance(value, (Markdown, int, float, jinja2.Undefined)):
        return value
    return "" if value is None else text(str(value))

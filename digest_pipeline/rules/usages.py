"""Environment variables, command-line options and endpoints that changed lines name, in any language. Pure.

Known are the usual ways: argparse, click, typer, optparse, clap, cobra, pflag, gflags, getopt, commander,
picocli; FastAPI, Flask, aiohttp, Express, axum, net/http, chi, gin, echo, Spring, Ktor, Sinatra.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from digest_pipeline.rules.hunks import Line

_MAY_USE = re.compile(r"[eE][nN][vV]|--|[fF]lag|DEFINE_|_argument|long|\$\{|static|[\"'](?:[A-Z]+ )?/")
"""What every one of the next patterns needs: a quick look before them."""
_ENVIRONMENT = re.compile(
    r"""(?:environ(?:\.get|\.pop)?\s*[\[(]\s*|getenv\s*\(\s*|env::var(?:_os)?\s*\(\s*|\bENV\s*(?:\[|\.fetch\()\s*
    |(?:Lookup|Get)env\s*\(\s*|LookupEnv\s*\(\s*|process\.env\[\s*|env_(?:bool|int|str|float|flag|var)\s*\(\s*
    |\b(?:option_)?env!\s*\(\s*
    |get_(?:bool|int|str|float)?_?env(?:_var|_bool|_int)?\s*\(\s*|Env(?:Bool|Int|Str|Float|Var)\s*\(\s*)["']([A-Z][A-Z0-9_]{2,60})["'](?!\s*\]\s*=(?!=))
    |(?:process|import\.meta)\.env\.([A-Z][A-Z0-9_]{2,60})\b
    |\benvs\.([A-Z][A-Z0-9_]{2,60})\b
    |^\s*export\s+([A-Z][A-Z0-9_]{2,60})=
    |\$\{([A-Z][A-Z0-9_]{2,60}):[-=?+]
    |^\s*([A-Z][A-Z0-9_]{3,60})\s*=\s*Env(?:Bool|Int|Str|Float|Var)\(
    |\bconst\s+(?P<constant>[A-Z][A-Z0-9_]{2,60})\s*:\s*&'static\s+str\s*=\s*"(?P=constant)\"""",
    re.VERBOSE,
)
_OPTION = re.compile(
    r"""(?:add_argument|\.option|\b[Oo]ption|\.flag|add_option|Flag|opt|Arg::new|\.long|parameter|\.on)\w*\s*\([^)]{0,80}?
      ["'](?:-\w[,\s|]+)?(--[a-z][\w-]{1,50})(?:[ =\[<][^"']{0,60})?["']
    |^\s*(?:["']-\w["'],\s*)?["'](--[a-z][\w-]{1,50})["'],?\s*$
    |(?:[Ff]lags(?:\(\))?|\bflag)\.\w+\(\s*(?:&\w+(?:\.\w+)*,\s*)?"([a-z][\w-]{1,50})"
    |\bDEFINE_\w{3,8}\(\s*([a-z]\w{1,50})\b
    |^\s*\{\s*"([a-z][\w-]{1,50})"\s*,\s*(?:no|required|optional)_argument\b
    |\.long\(\s*"([a-z][\w.-]{1,50})"
    |\blong\s*=\s*"([a-z][\w.-]{1,50})"
    |^\s*(?:-\w\s*\|\s*)?(--[a-z][\w-]{1,50})(?:=\*)?\)
    |strcmp\w*\([^)]{0,40}"(--[a-z][\w-]{1,50})"
    """,
    re.VERBOSE,
)
_ENDPOINT = re.compile(
    r"""(?:@?\b(?:app|router|api|server|blueprint|bp|r|mux|e|engine|group|web|v\d)\.
      (?:get|post|put|delete|patch|route|websocket|api_route|use|GET|POST|PUT|DELETE|PATCH|Get|Post|Put|Delete|Patch|Handle)
    |HandleFunc|\bhttp\.Handle|set_http_handler<[^<>]{0,40}>|@(?:Get|Post|Put|Delete|Patch|Request)Mapping|add_api_route|add_(?:get|post|put|delete|route)
    |\.route|\.nest)\s*\(\s*(?:path\s*=\s*|value\s*=\s*|["'][A-Z*]{1,7}["'],\s*)?["'](?:[A-Z]{3,6}\s+)?(/[\w/{}:.<>*-]{0,80})["']
    |^\s*(?:get|post|put|delete|patch)[\s(]\s*["'](/[\w/{}:.<>*-]{0,80})["']""",
    re.VERBOSE,
)
_CLAP = re.compile(r"#\[(?:arg|clap|option)\b")
_CLAP_LONG = re.compile(r"\blong\b(?!\s*=)")
_RUST_FIELD = re.compile(r"^\s*(?:pub(?:\([\w\s:]+\))?\s+)?([a-z]\w{1,50})\s*:\s*[A-Z\w]")
_PATTERNS = (("env", _ENVIRONMENT), ("option", _OPTION), ("endpoint", _ENDPOINT))


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """An environment variable, command-line option or endpoint that the changed lines name."""

    kind: str
    """`env`, `option` or `endpoint`."""
    name: str
    is_added: bool


def usages(lines: Iterable[Line], old: bytes | None, new: bytes | None) -> list[Usage]:
    """What comes or goes: named on one side only, and, where the files are known, nowhere else in them."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    for line in lines:
        if line.is_code:
            sides[line.is_added].append(line.text)
    named = {side: dict.fromkeys(_named(texts)) for side, texts in sides.items()}
    return [
        Usage(kind, name, is_added)
        for is_added, other in ((True, old), (False, new))
        for kind, name in named[is_added]
        if (kind, name) not in named[not is_added] and not _stands_in(name, other)
    ]


def _named(texts: list[str]) -> Iterator[tuple[str, str]]:
    """What some lines name, by kind; a call that is broken after its bracket is read with the next line."""
    in_attribute = is_option = False
    for number, text in enumerate(texts):
        whole = text
        if text.endswith("(") and number + 1 < len(texts):
            whole = text + texts[number + 1].strip()
        if _MAY_USE.search(whole):
            for kind, pattern in _PATTERNS:
                for match in pattern.finditer(whole):
                    name = next((g for g in match.groups() if g), "")
                    yield kind, f"--{name}" if kind == "option" and not name.startswith("--") else name
        # clap names an option after the field below its attribute
        in_attribute = in_attribute or ("#[" in text and _CLAP.search(text) is not None)
        is_option = is_option or (in_attribute and _CLAP_LONG.search(text) is not None)
        if in_attribute and ")]" in text:
            in_attribute = False
        elif is_option and not in_attribute and (field := _RUST_FIELD.match(text)):
            is_option = False
            yield "option", "--" + field[1].replace("_", "-")


def _stands_in(name: str, source: bytes | None) -> bool:
    """Whether a name stands in a file as a whole; an option also without its dashes, in quotes."""
    if source is None:
        return False
    word = name.encode()
    if name.startswith("--") and b'"%s"' % word[2:] in source:
        return True
    at = -1
    while (at := source.find(word, at + 1)) >= 0:
        if not re.search(
            rb"[\w-]", source[max(at - 1, 0) : at] + source[at + len(word) : at + len(word) + 1]
        ):
            return True
    return False

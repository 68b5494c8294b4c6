"""Prompts: template files, rendered with what is packed, and the key of exactly what they ask.

A template is `templates/prompt.<name>.<language>.j2` with the blocks `system` and `user`; a file of the
same name in the folder `prompts` of the settings replaces it. Everything from a repository stands between
fences whose names carry a nonce that the data cannot contain; the nonce follows from the key, so that the
same question is the same request.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import meta

from digest_pipeline.llm import TEMPERATURE
from digest_pipeline.model.questions import Prompt
from digest_pipeline.models import SettingsError, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEMPLATES = Path(__file__).parent.parent / "templates"

NAMES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (tier.value for tier in Tier),
        frozenset({"tier", "message", "files", "facts", "diff", "percent", "schema", "nonce"}),
    ),
    "highlights": frozenset({"analyses", "schema", "nonce"}),
    "repair": frozenset({"complaint", "nonce"}),
}
"""The prompts, and the names that each may use."""

KEY_VERSION = 1
"""Raised only when the way of hashing changes: every answer is asked for again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """Where a prompt goes, and the form in which the answer is wanted."""

    model: str
    api_base: str | None
    schema: Mapping[str, Any]
    max_tokens: int


def prompt_of(
    name: str, language: str, data: Mapping[str, Any], target: Target, folder: Path | None
) -> Prompt:
    """The prompt of a template and its data. Raises SettingsError when a template cannot be rendered.

    The key hashes what determines the answer: server, model, parameters, schema and both messages (which
    carry the language, the template and the packed input); not the repository, the SHA, author or date.
    """
    values = {**data, "schema": json.dumps(target.schema, ensure_ascii=False)}
    plain = _rendered(name, language, values, "", folder)
    asked = {
        "version": KEY_VERSION,
        "endpoint": endpoint(target.model, target.api_base),
        "model": target.model,
        "max_tokens": target.max_tokens,
        "temperature": TEMPERATURE,
        "schema": target.schema,
        "language": language,
        "messages": plain,
    }
    key = hashlib.sha256(_canonical(asked)).hexdigest()
    nonce = _nonce(key, "".join(plain))
    system, user = _rendered(name, language, values, nonce, folder)
    messages = (("system", system), ("user", user))
    return Prompt(key, target.model, messages, target.schema, target.max_tokens)


def repaired(prompt: Prompt, text: str, complaint: str, language: str, folder: Path | None) -> Prompt:
    """The prompt, the answer that could not be used, and a request to correct it; the key stays."""
    _, user = _rendered("repair", language, {"complaint": complaint}, "", folder)
    turns = (("assistant", text[:20_000]), ("user", user))
    return dataclasses.replace(prompt, messages=(*prompt.messages, *turns))


def check_prompts(folder: Path, language: str) -> None:
    """Render every prompt with the templates of a folder, before anything is asked.

    Raises SettingsError for a template that is broken, names or includes what is not there, or that no
    prompt uses.
    """
    used: set[str] = set()
    for name, known in NAMES.items():
        files = _files_of(f"prompt.{name}.{language}.j2", folder)
        used |= set(files)
        for file, source in files.items():
            unknown = _names_in(file, source, folder) - known
            if unknown:
                raise SettingsError(
                    f"{folder / file}: no such name: {', '.join(sorted(unknown))}; "
                    f"allowed: {', '.join(sorted(known))}"
                )
        values: dict[str, object] = dict.fromkeys(known, "x")
        _rendered(name, language, values | {"percent": 50}, "x", folder)
    for path in sorted(folder.glob("prompt.*.j2")):
        if path.name not in used and not (TEMPLATES / path.name).exists():
            raise SettingsError(f"{path}: no prompt uses a template of this name; see docs/models.md")


def version_of(schemas: Sequence[Mapping[str, Any]], language: str, folder: Path | None) -> str:
    """Eight hexadecimal digits that change when a template in use or a schema does."""
    files = [_files_of(f"prompt.{name}.{language}.j2", folder) for name in NAMES]
    return hashlib.sha256(_canonical([files, list(schemas)])).hexdigest()[:8]


def _files_of(file: str, folder: Path | None) -> dict[str, str]:
    """The source of a template and of all that it includes, by name. Raises SettingsError."""
    environment = _environment(folder)
    found: dict[str, str] = {}
    left = [file]
    while left:
        name = left.pop()
        try:
            assert environment.loader is not None  # noqa: S101 - for the type checker
            found[name] = environment.loader.get_source(environment, name)[0]
            named = meta.find_referenced_templates(environment.parse(found[name], name))
        except jinja2.TemplateNotFound as error:
            raise SettingsError(
                f"{folder or TEMPLATES}: {file} includes {error}, which is not there"
            ) from error
        except jinja2.TemplateSyntaxError as error:
            raise SettingsError(f"{_path_of(name, folder)}: line {error.lineno}: {error.message}") from error
        left += [other for other in named if other and other not in found]
    return found


def _names_in(file: str, source: str, folder: Path) -> set[str]:
    """The names that a template takes from outside. Raises SettingsError."""
    try:
        return meta.find_undeclared_variables(_environment(folder).parse(source))
    except jinja2.TemplateError as error:  # an unknown filter is found here
        raise SettingsError(f"{_path_of(file, folder)}: {error.message}") from error


def _path_of(file: str, folder: Path | None) -> Path:
    """Where a template is taken from."""
    return folder / file if folder and (folder / file).exists() else TEMPLATES / file


def endpoint(model: str, api_base: str | None) -> str:
    """Provider and server of a model without user, password, query and trailing slash."""
    provider = model.partition("/")[0] if "/" in model else ""
    if not api_base:
        return provider
    parts = urllib.parse.urlsplit(api_base)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{provider} {parts.scheme}://{host}{parts.path.rstrip('/')}"


def _nonce(key: str, data: str) -> str:
    """Twelve hexadecimal digits that do not occur in the data."""
    nonce = key[:12]
    while nonce in data:
        nonce = hashlib.sha256(nonce.encode()).hexdigest()[:12]
    return nonce


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _rendered(
    name: str, language: str, values: Mapping[str, Any], nonce: str, folder: Path | None
) -> tuple[str, str]:
    """The blocks `system` and `user` of a template."""
    file = f"prompt.{name}.{language}.j2"
    try:
        template = _environment(folder).get_template(file)
        context = template.new_context({**values, "nonce": nonce})
        blocks = ["".join(template.blocks[block](context)).strip() for block in ("system", "user")]
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise SettingsError(
            f"{_path_of(file, folder)}: the prompt cannot be rendered: {error}; correct the template"
        ) from error
    except KeyError as error:
        raise SettingsError(
            f"{_path_of(file, folder)}: the prompt has no block {error}; it needs system and user"
        ) from error
    return blocks[0], blocks[1]


@functools.cache
def _environment(folder: Path | None) -> jinja2.Environment:
    folders = [str(TEMPLATES)] if folder is None else [str(folder), str(TEMPLATES)]
    # Prompts are plain text for a model, not HTML: there is nothing to escape for; the fences are the guard.
    return jinja2.Environment(  # noqa: S701 - see the line above
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

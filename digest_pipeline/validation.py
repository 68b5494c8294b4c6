"""What a single value of the settings may be: plain functions that return it or raise ValueError.

Every message says what is allowed. Which keys there are is the business of `settings`.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator

NAME = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"
BEGINNINGS_OF_KEYS = r"(gh[opsur]_|github_pat_|glpat-|sk-|hf_)"
"""How tokens of hosts and keys of models begin."""


# Finding them walks through a thousand files, and each step of a run reads the settings.
_zones = functools.cache(zoneinfo.available_timezones)


def zone(value: str) -> str:
    """A name of the time zone database."""
    # `ZoneInfo` also opens files by absolute names; only the names of the zone database are allowed.
    if value not in _zones():
        raise ValueError("not a time zone; allowed: an IANA name, for example Asia/Shanghai or UTC")
    return value


def cron(value: str) -> str:
    """A schedule of five cron fields."""
    try:
        CronSim(value, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    except CronSimError as error:
        raise ValueError(
            f"not a schedule ({error}); allowed: five cron fields, for example 0 2 * * *"
        ) from None
    if len(value.split()) != 5:  # noqa: PLR2004 - seconds and years are not Dagster's
        raise ValueError("not a schedule; allowed: five cron fields, for example 0 2 * * *")
    return value


def name(value: str) -> str:
    """`owner/name` of a repository, safe as a part of paths and keys."""
    if not re.fullmatch(NAME, value) or any(part.strip(".") == "" for part in value.split("/")):
        raise ValueError("not a repository's name; allowed: owner/name of letters, digits, '.', '_' and '-'")
    if value.partition("/")[0].casefold() == "daily":
        raise ValueError(
            "the owner 'daily' is the folder of the pages of all repositories; allowed: another name"
        )
    return value


def branch(value: str) -> str:
    """A branch as `git check-ref-format` allows it, without refs/heads/."""
    # The rules of `git check-ref-format`.
    wrong = re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[./]$|\.lock(/|$)", value)
    if not value or value == "@" or wrong:
        raise ValueError("not a branch; allowed: a name that git accepts, without refs/heads/")
    return value


def url(value: str) -> str:
    """An address that git can clone, without a password in it."""
    if re.match(r"(https?|ssh|git|file)://\S+$", value):
        if re.match(r"https?://[^/@]*@", value) or re.match(r"\w+://[^/@]*:[^/@]*@", value):
            raise ValueError(
                "holds a user, a password or a token; allowed: the address without it, and token_env "
                "with a variable's name"
            )
        return value
    if re.match(r"[\w.-]+@[\w.-]+:\S+$", value) or ("://" not in value and value.strip()):
        return value
    raise ValueError(
        "not an address; allowed: https://, ssh://, git://, file://, user@host:path or a local path"
    )


def environment_name(value: str) -> str:
    """The name of an environment variable; a token in its place would end in every message about it."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) or re.match(BEGINNINGS_OF_KEYS, value):
        raise ValueError(
            "not the name of an environment variable; allowed: letters, digits and '_', "
            "never the secret itself"
        )
    return value


def warehouse(value: object) -> object:
    """The path of a DuckDB file; a remote warehouse would need extensions that DuckDB loads from the net."""
    if isinstance(value, str) and (not value.strip() or re.match(r"[A-Za-z][A-Za-z0-9+]+:", value)):
        raise ValueError(
            "not a path; allowed: the path of a DuckDB file on a local disk (ducklake:, md: and postgres: "
            "are not supported)"
        )
    return value


def link_pattern(field: str) -> AfterValidator:
    """A check for a web address with `{field}` in it, exactly once."""

    def check(value: str) -> str:
        if not re.match(r"https?://\S+$", value) or value.count(f"{{{field}}}") != 1:
            raise ValueError(f"not a link pattern; allowed: https://… with {{{field}}} once")
        return value

    return AfterValidator(check)


def date(value: object) -> object:
    """A calendar day: a date of TOML or a string of the same form."""
    # TOML has dates of its own; a string of the same form is meant the same.
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"not a date ({error}); allowed: YYYY-MM-DD") from None
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise ValueError("not a date; allowed: YYYY-MM-DD")  # noqa: TRY004 - pydantic collects ValueErrors
    return value

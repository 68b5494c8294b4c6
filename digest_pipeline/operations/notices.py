"""What people are told when a run or a check fails, and the one door to the services that tell it.

Pure but for `send`: which causes are new today, and how a message reads. Where the causes come from
is the business of `watching`. The addresses hold tokens, so no message, log line or error has one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import logging
import re
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from digest_pipeline.page.markdown import plain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

URLS = "DIGEST_NOTIFY_URLS"
"""The environment variable with the addresses, as apprise writes them, separated by white space."""

MOST = 5
"""Messages of one look at the runs; what is more is named in the last of them."""
LONGEST = 600
"""Characters of a cause; the page of the run has the rest."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """Something that failed, as one run tells it."""

    subject: str
    """The repository, or what else the run was about."""
    place: str
    """The step or the check."""
    text: str
    days: str
    """The days that the run was for; may be empty."""
    run_id: str
    warning: bool = False

    @property
    def fingerprint(self) -> str:
        """Equal for the same cause on other days: dates, numbers and SHAs do not count."""
        same = re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", f"{self.subject}\n{self.place}\n{self.text}")
        return hashlib.sha256(same.encode("utf-8", "replace")).hexdigest()[:16]


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What a service is asked to say."""

    title: str
    body: str
    is_markdown: bool = False


def unsaid(causes: Iterable[Cause], said: Mapping[str, str], today: dt.date) -> dict[str, list[Cause]]:
    """The causes that nobody was told of today, by fingerprint; `said` has the day of each told one."""
    found: dict[str, list[Cause]] = defaultdict(list)
    for cause in causes:
        if said.get(cause.fingerprint) != today.isoformat():
            found[cause.fingerprint].append(cause)
    return dict(found)


def messages(found: Mapping[str, Sequence[Cause]], ui_url: str) -> list[tuple[Message, list[str]]]:
    """A message for each cause, in the order of the runs, with the fingerprints that it tells of.

    After `MOST` of them one message names the others.
    """
    groups = list(found.items())
    told = [(_about(causes, ui_url), [key]) for key, causes in groups[:MOST]]
    rest = groups[MOST:]
    if rest:
        lines = [_line(causes[0]) for _, causes in rest[:20]]
        more = [f"and {len(rest) - 20} more"] if len(rest) > 20 else []  # noqa: PLR2004
        body = "\n".join([*lines, *more, f"{ui_url}/runs"])
        told.append((Message(f"digest: {len(rest)} more failures", body), [key for key, _ in rest]))
    return told


def page_message(day: dt.date, page: str) -> Message:
    """The page of a day across repositories; its links to files lead nowhere from a message."""
    body = re.sub(r"(?<!\\)\[((?:\\.|[^\]\\])*)\]\((?!https?:)[^()\s]*\)", r"\1", page)
    return Message(f"digest: {day}", body, is_markdown=True)


def _about(causes: Sequence[Cause], ui_url: str) -> Message:
    first = causes[0]
    days = list(dict.fromkeys(cause.days for cause in causes if cause.days))
    lines = [
        _harmless(first.text),
        *([f"days: {', '.join(days)}"] if days else []),
        f"step: {first.place}",
        f"{ui_url}/runs/{first.run_id}",
    ]
    return Message(f"digest: {_harmless(first.subject)} {_verb(first)}", "\n".join(lines))


def _line(cause: Cause) -> str:
    return f"{_harmless(cause.subject)} {_verb(cause)}: {_harmless(cause.text)[:160]}"


def _verb(cause: Cause) -> str:
    return "needs a look" if cause.warning else "failed"


def _harmless(value: str) -> str:
    """Text of a remote or a model in one line that calls nobody (`@everyone`, `<!channel>`)."""
    shown = plain(value)
    shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    return re.sub(r"([@!](?=\w))", "\\1\u200b", shown)


def addresses(environ: Mapping[str, str]) -> list[str]:
    """The addresses that people are told at; empty when notices are off."""
    return environ.get(URLS, "").split()


def services(urls: Sequence[str]) -> tuple[list[Any], list[str]]:
    """The services of some addresses, and what is wrong with the others, without showing any of them."""
    usable: list[Any] = []
    wrong: list[str] = []
    with _apprise() as apprise:
        asset = apprise.AppriseAsset(app_id="digest", app_desc="digest_pipeline", async_mode=False)
        for number, url in enumerate(urls, start=1):
            service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
            if service is None:
                scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,20}(?=://)", url)
                kind = f" ({scheme[0]}://…)" if scheme else ""
                wrong.append(f"{URLS}: address {number}{kind} is not one that apprise can use")
            else:
                usable.append(service)
    return usable, wrong


def send(urls: Sequence[str], message: Message) -> tuple[int, list[str]]:
    """Tell all services; how many took it, and a line for each that did not. Raises nothing."""
    usable, wrong = services(urls)
    taken = 0
    with _apprise() as apprise:
        kind = apprise.NotifyFormat.MARKDOWN if message.is_markdown else apprise.NotifyFormat.TEXT
        for service in usable:
            teller = apprise.Apprise()
            teller.add(service)
            try:
                done = teller.notify(title=message.title, body=message.body, body_format=kind)
            except Exception as error:  # noqa: BLE001 - not ours, and its text may hold the address
                wrong.append(f"{URLS}: {service.service_name} failed with {type(error).__name__}")
                continue
            taken += bool(done)
            if not done:
                wrong.append(f"{URLS}: {service.service_name} did not take the notice")
    return taken, wrong


@contextlib.contextmanager
def _apprise() -> Iterator[Any]:
    """The library, silent: what it logs of a failure contains parts of the address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its plug-ins import what Python 3.13 drops
        import apprise  # noqa: PLC0415 - 0.4 s, and only where notices are on

        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        yield apprise

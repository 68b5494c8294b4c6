"""Secrets are taken out of a text before it is sent to a model or written anywhere.

The patterns of known tokens are those of detect-secrets, used for their regular expressions alone: its
scanner reads settings from the process and asks the network whether a secret works. Its measures of entropy
mark every hash of a lock file and are left out. The few patterns here are younger than its last release.
"""

from __future__ import annotations

import functools
import re
from typing import Any

MARK = "[redacted: "
"""How what stands in the place of a secret begins."""

LONGEST_LINE = 4_000
"""Characters of a line that are looked at: patterns for addresses with passwords take quadratic time."""

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [^\n]*?-----|\Z)", re.DOTALL
)
_TOKENS = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-(?:proj|ant|or|svcacct)?-?[A-Za-z0-9_-]{20,}|AIza[\w-]{30,}"
    r"|hf_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|gsk_[A-Za-z0-9]{20,}|dop_v1_\w{20,}|npm_[A-Za-z0-9]{30,}"
    r"|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|ya29\.[\w-]{20,}|AGE-SECRET-KEY-\w{20,}|whsec_\w{20,}"
    r"|[rs]k_(?:live|test)_\w{16,}|pypi-[\w-]{40,}|SG\.[\w-]{16,}\.[\w-]{16,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)"
)
_ASSIGNED = re.compile(
    r"(?P<name>(?i:\b[\w.-]{0,64}(?:passwo?r?d|passwd|secret|token(?!iz)|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credential)[\w-]{0,64})[\"']?\s*(?:[:=]|=>)\s*)"
    r"(?:(?P<quote>[\"'])(?P<quoted>[^\"'\s]{8,})(?P=quote)|(?P<bare>[A-Za-z0-9+/_=-]{16,}))"
)
_PLACEHOLDER = re.compile(
    r"[(){}<>$%\[\]]|\.\.\.|^[A-Za-z_.-]+$|example|changeme|placeholder|your[_-]", re.IGNORECASE
)


def redact(text: str) -> str:
    """The text without secrets; in the place of each stands what it was, in square brackets."""
    text = _PRIVATE_KEY.sub("[redacted: Private Key]", text)
    text = _TOKENS.sub("[redacted: Token]", text)
    for kind, pattern in _known_patterns():
        text = pattern.sub(f"[redacted: {kind}]", text)
    return _ASSIGNED.sub(_without_value, text)


def redacted_lines(text: str) -> str:
    """The same of a text whose lines may be endless; they are cut."""
    return redact("\n".join(line[:LONGEST_LINE] for line in text.splitlines()))


def _without_value(match: re.Match[str]) -> str:
    """`password = "hunter2!x"` keeps its name; names, calls and placeholders are no secrets."""
    value = match["quoted"] or match["bare"]
    if _PLACEHOLDER.search(value) or value.startswith("[redacted"):
        return match[0]
    quote = match["quote"] or ""
    return f"{match['name']}{quote}[redacted: Secret]{quote}"


@functools.cache
def _known_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(kind of secret, pattern) of detect-secrets, in a fixed order."""
    from detect_secrets.plugins import (  # noqa: PLC0415 - a quarter of a second, before a model is asked
        aws,
        azure_storage_key,
        basic_auth,
        cloudant,
        discord,
        github_token,
        gitlab_token,
        ibm_cloud_iam,
        ibm_cos_hmac,
        mailchimp,
        npm,
        openai,
        private_key,
        pypi_token,
        sendgrid,
        slack,
        softlayer,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )

    # Any: the library declares its patterns as an abstract property, and its classes define them as lists.
    detectors: list[Any] = [
        aws.AWSKeyDetector,
        azure_storage_key.AzureStorageKeyDetector,
        basic_auth.BasicAuthDetector,
        cloudant.CloudantDetector,
        discord.DiscordBotTokenDetector,
        github_token.GitHubTokenDetector,
        gitlab_token.GitLabTokenDetector,
        ibm_cloud_iam.IbmCloudIamDetector,
        ibm_cos_hmac.IbmCosHmacDetector,
        mailchimp.MailchimpDetector,
        npm.NpmDetector,
        openai.OpenAIDetector,
        private_key.PrivateKeyDetector,
        pypi_token.PypiTokenDetector,
        sendgrid.SendGridDetector,
        slack.SlackDetector,
        softlayer.SoftlayerDetector,
        square_oauth.SquareOAuthDetector,
        stripe.StripeDetector,
        telegram_token.TelegramBotTokenDetector,
        twilio.TwilioKeyDetector,
    ]
    return tuple((str(d.secret_type), pattern) for d in detectors for pattern in d.denylist)

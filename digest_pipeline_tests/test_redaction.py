from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.model.redaction import redact


def secret(*parts: str) -> str:
    """Put together here, so that no scanner finds it in this file."""
    return "".join(parts)


SECRETS = {
    "aws": secret("AKIA", "IOSFODNN7QXAMPLQ"),
    "github": secret("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"),
    "github long": secret("github_pat_", "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz"),
    "gitlab": secret("glpat-", "abcdefghij0123456789"),
    "openai": secret("sk-", "proj-abcdefghijklmnopqrstuvwx1234567890"),
    "anthropic": secret("sk-", "ant-api03-abcdefghijklmnopqrstuvwx1234567890"),
    "google": secret("AIza", "SyA1234567890abcdefghijklmnopqrstuv"),
    "hugging face": secret("hf_", "abcdefghijklmnopqrstuvwxyzABCDEFGH"),
    "slack": secret("xoxb-", "1234567890-1234567890-abcdefghijklmnop"),
    "stripe": secret("sk_live_", "abcdefghijklmnopqrstuvwx"),
    "npm": secret("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
    "jwt": secret("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.", "dozjgNryP4J3jVmNHl0w5N"),
    "pypi": secret("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMA"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_no_known_token_gets_through(name: str) -> None:
    for text in (f"+{SECRETS[name]}\n", f'key = "{SECRETS[name]}"', f"see ({SECRETS[name]})."):
        redacted = redact(text)
        assert SECRETS[name] not in redacted
        assert SECRETS[name][-12:] not in redacted
        assert "[redacted: " in redacted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('password = "hunter2!secret"', "hunter2!secret"),
        ("DB_PASSWORD=s3cr3tpassw0rd12345", "s3cr3tpassw0rd12345"),
        ('"api_key": "9f8e7d6c5b4a39281706"', "9f8e7d6c5b4a39281706"),
        ("url = https://user:p4ssw0rd@host/x", "p4ssw0rd"),
        ("client_secret: 'q8Xz-71kk-Qs01'", "q8Xz-71kk-Qs01"),
    ],
)
def test_what_is_assigned_to_a_secret_name_is_redacted(text: str, value: str) -> None:
    assert value not in redact(text)


def test_a_private_key_is_redacted_as_a_whole_in_a_diff() -> None:
    begin, end = secret("-----BEGIN RSA ", "PRIVATE KEY-----"), secret("-----END RSA ", "PRIVATE KEY-----")
    text = f"+{begin}\n+MIIEpAIBAAKCAQEA\n+q8Xz71kkQs01\n+{end}\n+x = 1\n"
    assert redact(text) == "+[redacted: Private Key]\n+x = 1\n"
    assert "MIIEpAIB" not in redact(f"{begin}\nMIIEpAIBAAKCAQEA\ncut off here")


@pytest.mark.parametrize(
    "text",
    [
        "token = get_token()",
        "max_tokens=4096",
        'tokenizer = "Qwen/Qwen3-0.6B-base"',
        'password = os.environ["PASSWORD"]',
        "index 2c8cd3a1f9a0aa0a8a8b7c6d5e4f3a2b1c0d9e8f",
        'password: "your-password-1"',
        "secret = settings.SECRET_KEY_NAME",
        "def test_token_refresh_after_expiry(): ...",
    ],
)
def test_code_without_secrets_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text(max_size=300))
def test_redaction_never_fails_and_is_done_after_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once

"""What settings are refused, and that secrets are never printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import Settings, origin

Apply = Callable[..., Settings]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_WEBHOOK", "ftp://somewhere/hook"),
        ("ALERT_WEBHOOK", "somewhere/hook"),
        ("PORTAL_URL", "portal.example"),
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "https://key@sentry.example"),
        ("ALERT_QUEUE_DEPTH", "0"),
    ],
)
def test_a_bad_value_is_named_at_start(settings_env: Apply, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: "):
        settings_env(**{name: value})


def test_the_addresses_that_hold_secrets_are_not_printed(settings_env: Apply) -> None:
    own = settings_env(ALERT_WEBHOOK="https://chat.example/secret-1/", SENTRY_DSN="https://secret2@sentry.example/7")

    assert own.alert_webhook == "https://chat.example/secret-1/"
    assert "secret" not in repr(own)[repr(own).index("embedder") :]


def test_a_setting_says_where_it_comes_from(settings_env: Apply, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PART_SIZE=960\nLEASE_SECONDS=\nEMBEDDER=local\n")
    settings_env(EMBEDDER="local-fast", COHERE_API_KEY="")

    origins = {name: origin(name) for name in ("embedder", "part_size", "lease_seconds", "cohere_api_key")}

    assert origins == {
        "embedder": "environment",
        "part_size": ".env",
        "lease_seconds": "default",
        "cohere_api_key": "default",
    }

"""What models cost, by a dated list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.prices import OURS, price_of, read
from core.settings import Settings


def test_the_list_that_ships_is_dated_and_knows_the_models_we_offer(settings_env: Callable[..., Settings]) -> None:
    settings_env()

    assert isinstance(read(OURS).as_of, date)
    assert price_of("embed-v4.0", 2_000_000) == (0.24, "USD")
    assert price_of("use-m3", 2_000_000) == (0.0, "USD")


def test_a_model_that_the_list_does_not_know_has_no_price(settings_env: Callable[..., Settings]) -> None:
    settings_env()

    assert price_of("embed-v9.9", 1000) is None


def test_another_list_may_be_named(settings_env: Callable[..., Settings], tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    own.write_text('{"as_of": "2027-01-01", "currency": "EUR", "per_million_tokens": {"ours": 2.5}}')
    settings_env(PRICES_FILE=own)

    assert price_of("ours", 100) == (0.00025, "EUR")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no price list"),
        ('{"as_of": "2027-01-01", "currency": "EUR", "per_million_tokens": {"ours": -1}}', "per_million_tokens.ours"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_list_is_named_with_what_is_wrong(
    settings_env: Callable[..., Settings], tmp_path: Path, content: str | None, words: str
) -> None:
    bad = tmp_path / "bad.json"
    if content is not None:
        bad.write_text(content)
    settings_env(PRICES_FILE=bad)

    with pytest.raises(SettingsError, match=words):
        price_of("ours", 1)

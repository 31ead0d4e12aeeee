"""What models cost. Prices change: they are a dated list, ours or the one that PRICES_FILE names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, NonNegativeFloat, ValidationError

from core.errors import SettingsError
from core.settings import settings

OURS = Path(__file__).with_name("prices.json")


class Prices(BaseModel):
    """A price list: of which day, with amounts of `currency` for a million tokens by model."""

    as_of: date
    currency: str
    per_million_tokens: dict[str, NonNegativeFloat]
    source: str = ""


def price_of(model: str, tokens: int) -> tuple[float, str] | None:
    """Give amount and currency for so many tokens; None when the list does not know the model."""
    prices = current()
    each = prices.per_million_tokens.get(model)
    return None if each is None else (round(each * tokens / 1_000_000, 6), prices.currency)


def bill_of(tokens: Mapping[str, int]) -> tuple[float, str]:
    """Give amount and currency for the tokens of several models; one that the list does not know costs nothing."""
    prices = current()
    each = prices.per_million_tokens
    return sum(each.get(model, 0.0) * count for model, count in tokens.items()) / 1_000_000, prices.currency


def current() -> Prices:
    """Give the price list that counts now."""
    return read(settings().prices_file or OURS)


@cache
def read(file: Path) -> Prices:
    """Read a price list once; raise SettingsError that says what is wrong with it."""
    try:
        return Prices.model_validate_json(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"PRICES_FILE {file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise SettingsError(
            f"PRICES_FILE {file} is no price list: {where} {problem['msg']}".replace("  ", " ")
        ) from None

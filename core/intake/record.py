"""One record of a file on its way in: where it stood, and what it holds or why it cannot be read."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

MOST_RECORD = 1_000_000  # characters, or bytes where no character is known yet
TOO_LONG = f"longer than {MOST_RECORD:,} characters, which is the most for one person"


@dataclass(frozen=True, slots=True)
class Record:
    """`columns` by name, unless there is a `problem`. `line` is where it begins, from 1."""

    line: int
    columns: dict[str, Any]
    problem: str = ""


def broken(line: int, problem: str) -> Record:
    return Record(line, {}, problem)


def parse(text: str) -> Any:
    """Read JSON; raise ValueError with a sentence of ours, which does not quote the text."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} of it, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise ValueError(f"broken JSON at {place}: {error.msg}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None


def _integer(digits: str) -> int:
    if len(digits) > 19:
        raise ValueError(f"a number of {len(digits):,} digits is too big; at most 19")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too big")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_constant)

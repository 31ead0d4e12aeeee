"""The option --home, and the settings that a running stack fills in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from dotenv import dotenv_values

from core.stack.home import Home, read_json

F = TypeVar("F", bound=Callable[..., object])

FILLED = {
    "DATABASE_URL": "database_url",
    "REDIS_URL": "redis_url",
    "QDRANT_URL": "qdrant_url",
    "EMBEDDER": "embedder",
}


def home_option(command: F) -> F:
    """Add `--home`, which the command gets as a Home."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(".vigia"),
        show_default=True,
        callback=lambda _context, _option, path: Home(path),
        help="The folder of the stack.",
    )(command)


def given() -> dict[str, str]:
    """Return the settings that somebody has set, in the environment or in `.env`."""
    from_file = {name.upper(): value for name, value in dotenv_values(".env").items()}
    return {name: value for name, value in {**from_file, **os.environ}.items() if value}


def fill(home: Home) -> None:
    """Set what nobody has set to what the stack of this home uses, for this process and those it starts."""
    known, stack = given(), read_json(home.stack_file)
    found = {name: stack.get(field) for name, field in FILLED.items()}
    found["SECRET_KEY"] = home.kept_secret("secret_key")
    if found["EMBEDDER"] == "cohere" and "COHERE_API_KEY" not in known:
        del found["EMBEDDER"]  # the key is kept nowhere; most commands do without
    for name, value in found.items():
        if value and name not in known:
            os.environ[name] = str(value)

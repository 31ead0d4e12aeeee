"""The look at the settings before `vigia up` starts or writes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.errors import SettingsError
from core.settings import Settings

# What `vigia up` fills in later, in a form that passes.
PLANNED = {
    "database_url": "postgresql://planned",
    "redis_url": "redis://planned",
    "qdrant_url": "http://planned",
    "secret_key": "made by the first start",
}


def check(given: Mapping[str, str]) -> None:
    """Raise SettingsError that names every setting that was given and cannot be used; none is missing yet."""
    filled: dict[str, Any] = {name: value for name, value in PLANNED.items() if name.upper() not in given}
    wrong = _wrong(filled)
    # What concerns several settings is looked at only when each of them is good by itself.
    for name in [str(error["loc"][0]) for error in wrong if error["loc"]]:
        filled[name] = PLANNED.get(name, Settings.model_fields[name].default)
    again = _wrong(filled) if wrong else []
    if wrong:
        lines = dict.fromkeys(_sentence(error) for error in [*wrong, *again])
        raise SettingsError(
            "these settings cannot be used:\n  " + "\n  ".join(lines) + "\nCorrect them in the environment or in .env "
            "(.env.example explains each). Nothing was started."
        )


def _wrong(filled: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        Settings(**filled)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)
    return []


def _sentence(error: ErrorDetails) -> str:
    return ": ".join([*(str(name).upper() for name in error["loc"][:1]), error["msg"]])

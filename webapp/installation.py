"""What this installation runs with, for people to read. Never a secret: what may be one is only said to be set."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import urlsplit

from core.settings import Origin, Settings, origin
from webapp.formatting import number
from webapp.i18n import gettext as _
from webapp.setting_words import OTHER, WORDS

# What holds a secret by its name, even where its field does not say so.
SECRET = re.compile(r"key|secret|token|password|dsn|webhook|credential")
LIBRARIES = ("flask", "rq", "redis", "sqlalchemy", "psycopg", "qdrant-client", "cohere")
# Of addresses that are no API of the web, the path names a database; of the others it may be a secret.
WITH_PATH = ("postgresql", "postgres", "postgresql+psycopg", "redis", "rediss", "unix")


class Line(NamedTuple):
    """One setting."""

    name: str
    value: str
    about: str
    origin: Origin


def groups(settings: Settings) -> Iterator[tuple[str, list[Line]]]:
    """Give all settings by subject; one that nobody has written words for is among the last."""
    known = {name for words in WORDS.values() for name in words}
    rest = {name: "" for name in Settings.model_fields if name not in known}
    for title, words in [*WORDS.items(), (OTHER, rest)]:
        if lines := list(_lines(settings, words)):
            yield str(title), lines


def versions() -> dict[str, str]:
    """Give the versions of what runs in this process."""
    return {"Vigía": version("vigia"), "Python": platform.python_version()} | {
        name: version(name) for name in LIBRARIES
    }


def _lines(settings: Settings, words: Mapping[str, object]) -> Iterator[Line]:
    for name, about in words.items():
        if name in Settings.model_fields:
            yield Line(name.upper(), shown(name, _in_effect(settings, name)), str(about), origin(name))


def _in_effect(settings: Settings, name: str) -> object:
    """Give the value that counts, also where a setting that is not set follows another."""
    return settings.inputs_per_minute if name == "embed_inputs_per_minute" else getattr(settings, name)


def shown(name: str, value: object) -> str:
    """Write the value of a setting, or only that there is one."""
    if value in (None, ""):
        return _("not set")
    if SECRET.search(name) or not Settings.model_fields[name].repr:
        return _("set, not shown")
    match value:
        case bool():
            return _("yes") if value else _("no")
        case int() | float():
            return str(value) if name.endswith("_port") else number(value)
        case str() if "://" in value:
            return _address(value) or _("set, not shown")
    return str(value)


def _address(url: str) -> str:
    """Write an address without who signs in, parameters, and what follows a password that nobody quoted."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.fragment or "@" in parts.path:
        return ""
    path = parts.path if parts.scheme in WITH_PATH else "/…" if parts.path.strip("/") else ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{path}"

"""`.env.example` is the whole list of settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.settings import Settings

EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text()
LINES = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
# Not their default but an example: what they do without being set depends on other settings.
BY_OTHERS = {"EMBED_INPUTS_PER_MINUTE", "COHERE_BASE_URL"}


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    assert set(LINES) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_commented_line_shows_the_default(name: str) -> None:
    field = Settings.model_fields[name.lower()]
    commented = f"#{name}=" in EXAMPLE
    assert commented != field.is_required()
    if commented and name not in BY_OTHERS and field.default is not None:
        assert type(field.default)(_typed(LINES[name], field.default)) == field.default


@pytest.mark.parametrize("name", sorted(LINES))
def test_each_stands_below_a_comment(name: str) -> None:
    above = re.split(rf"^#?{name}=", EXAMPLE, flags=re.MULTILINE)[0].splitlines()
    block = [line for line in reversed(above) if not re.match(r"#?[A-Z][A-Z0-9_]*=", line)]
    assert block[0].startswith("# ")


def _typed(text: str, default: object) -> object:
    return text == "true" if isinstance(default, bool) else text

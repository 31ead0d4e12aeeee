"""The Spanish catalogue: whole, current and compiled. `make words` mends what these tests find."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from webapp.i18n import CATALOGUES

ROOT = Path(__file__).parents[2]
SPANISH = CATALOGUES / "es" / "LC_MESSAGES" / "messages.po"


def catalogue() -> Catalog:
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es")


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What the portal says now, gathered as `make words` does."""
    template = tmp_path_factory.mktemp("words") / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml"]
    subprocess.run([*command, "-o", str(template), "webapp"], cwd=ROOT, check=True)
    with template.open("rb") as file:
        return read_po(file)


def keys(catalog: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, str(message.id)) for message in catalog if message.id}


def test_the_catalogue_holds_what_the_portal_says_and_nothing_else(gathered: Catalog) -> None:
    mend = "run `make words`, then translate what is empty"

    assert keys(gathered) - keys(catalogue()) == set(), mend
    assert keys(catalogue()) - keys(gathered) == set(), mend
    assert not catalogue().obsolete, mend


def forms(message: Message) -> list[tuple[str, str]]:
    """Pair each form of a message with its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def test_every_sentence_is_translated_and_keeps_its_placeholders() -> None:
    messages = [message for message in catalogue() if message.id]

    assert [message.id for message in messages if message.fuzzy] == []
    wrong = [
        (said, there)
        for message in messages
        for said, there in forms(message)
        if not there or placeholders(said) != placeholders(there) or said[0].isspace() != there[0].isspace()
    ]
    assert wrong == []


def test_the_compiled_catalogue_is_the_one_that_people_read() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())

    assert SPANISH.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run `make words`"

"""The form that mends a person's text: what its boxes hold, and what was changed in them.

Each box comes with a mark of what it showed, so that a box nobody touched never writes over another's change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from core.errors import Invalid
from core.intake.correction import Texts
from webapp.forms import errors_of
from webapp.i18n import gettext as _
from webapp.queries.profile import Profile

NAMES = tuple(Texts.model_fields)
LONGEST = 40_000  # characters that a box shows; of a longer text it says how long it is
LINE_END = re.compile(r"\r\n|\r|\n")


def boxes(profile: Profile) -> dict[str, str]:
    """Give what each box shows: a text that is too long for one is left out, and stays unless one is typed.

    Ends of lines are those that a browser sends back, which sends none of a headline.
    """
    shown = {name: text if len(text) <= LONGEST else "" for name, text in profile.texts.items()}
    return {name: (" " if name == "headline" else "\n").join(LINE_END.split(text)) for name, text in shown.items()}


def marks(shown: Mapping[str, str]) -> dict[str, str]:
    """Give the mark of what each box shows."""
    return {name: _mark(text) for name, text in shown.items()}


def changed(form: Mapping[str, str]) -> dict[str, str]:
    """Give the boxes that hold something else than they showed, with what they hold."""
    typed = {name: "\n".join(LINE_END.split(form[name])).strip() for name in NAMES if name in form}
    return {name: text for name, text in typed.items() if _mark(text) != form.get(f"{name}_mark")}


def read(form: Mapping[str, str], reason: str) -> Texts:
    """Read what was changed; raise Invalid with a sentence for each bad box."""
    errors: dict[str, str] = {}
    given = {name: _value(name, text, errors) for name, text in changed(form).items()}
    if not reason:
        errors["reason"] = _("Say why: it is kept in the audit.")
    texts = Texts()
    try:
        texts = Texts.model_validate(given)
    except ValidationError as error:
        errors = errors_of(error) | errors
    if errors:
        raise Invalid(_("Some fields need a second look."), errors)
    return texts


def seen(form: Mapping[str, str]) -> datetime:
    """Read the version that the form was drawn of; one that nobody can have seen when it is none."""
    try:
        moment = datetime.fromisoformat(form.get("version", ""))
    except ValueError:
        return datetime.min
    return moment


def _value(name: str, text: str, errors: dict[str, str]) -> Any:
    if name == "skills":
        return [line.strip() for line in text.split("\n") if line.strip()] or None
    if name in ("headline", "summary") or not text:
        return text or None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        errors[name] = _(
            "This is no JSON: see line %(line)s, character %(column)s.", line=error.lineno, column=error.colno
        )
        return None


def _mark(text: str) -> str:
    return hashlib.sha256(text.strip().encode(errors="replace")).hexdigest()[:16]

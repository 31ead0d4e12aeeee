"""Which language and which clock a reader gets."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import flask_babel
from babel import Locale, numbers
from babel.support import Translations
from flask import g, request
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from webapp.direction import balanced, isolated, whole

CATALOGUES = Path(__file__).parent / "translations"
SOURCE = "en"  # the language of the code


@cache
def languages() -> dict[str, str]:
    """Give the languages that the portal is written in, and what each calls itself: {"en": "English"}."""
    found = {SOURCE, *(path.parent.parent.name for path in CATALOGUES.glob("*/LC_MESSAGES/messages.mo"))}
    return {code: (Locale.parse(code).get_display_name(code) or code).capitalize() for code in sorted(found)}


def language() -> str:
    """Choose the language: the person's, then the browser's, then English."""
    # Whoever is known already: an error page must not ask a database that is down.
    chosen = getattr(g.get("_login_user"), "language", None) or request.cookies.get("language")
    if chosen in languages():
        return chosen
    return request.accept_languages.best_match(list(languages()), SOURCE)


def zone() -> ZoneInfo:
    """Choose the clock: the one that the browser named in its cookie, else UTC."""
    return _clock(request.cookies.get("zone", ""))


def gettext(message: str, **values: object) -> str:
    """Say a sentence of ours in the reader's language."""
    return str(flask_babel.gettext(message, **_isolated(values)))


def pgettext(context: str, message: str, **values: object) -> str:
    """Say a sentence whose words mean several things: `context` says which."""
    return str(flask_babel.pgettext(context, message, **_isolated(values)))


class _Counted(int):
    """A number that is written into a sentence as `1,012`, with its digits grouped."""

    def __str__(self) -> str:
        return numbers.format_decimal(int(self), "#,##0", locale=locale())


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Say a sentence that depends on a number."""
    return str(flask_babel.ngettext(one, many, _Counted(num), **_isolated(values)))


def match_templates(jinja: Environment) -> None:
    """Let the templates' own `gettext` and `ngettext` write numbers and values as ours do; keep isolations whole."""
    jinja.finalize = balanced
    jinja.filters["whole"] = whole
    plain_counted: Any = jinja.globals["ngettext"]

    @pass_context
    def said(context: Context, message: str, **values: object) -> str:
        # As Jinja's own, but that the catalogue is found once: a page says a hundred sentences.
        sentence = _catalogue().ugettext(message)
        # Our own catalogues are no strings from outside; values are escaped as they are filled in.
        return (Markup(sentence) if context.eval_ctx.autoescape else sentence) % _isolated(values)  # noqa: S704

    @pass_context
    def counted(context: Context, one: str, many: str, num: int | None, **values: object) -> object:
        return context.call(plain_counted, one, many, num if num is None else _Counted(num), **_isolated(values))

    jinja.globals.update(gettext=said, ngettext=counted)


def locale() -> Locale:
    return flask_babel.get_locale() or Locale.parse(SOURCE)


def _catalogue() -> Translations:
    if "catalogue" not in g:
        g.catalogue = flask_babel.get_translations()
    found: Translations = g.catalogue
    return found


def _isolated(values: dict[str, object]) -> dict[str, object]:
    return {name: isolated(value) for name, value in values.items()}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(1024)  # names come from outside
def _clock(name: str) -> ZoneInfo:
    known = re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name) and name in _zones()
    return ZoneInfo(name if known else "UTC")

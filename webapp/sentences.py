"""What the core says to people, in the reader's language. The core itself knows no languages."""

from __future__ import annotations

import re

from core.errors import Invalid
from webapp.i18n import gettext


def told(sentence: str) -> str:
    """Mark a sentence for whoever translates; it stays as it is."""
    return sentence


# Written here once more, with a name for each thing that varies. A sentence that is not here is shown in English.
OF_THE_CORE = (
    told("A name has 1 to 100 characters that can be seen."),
    told("This name is taken."),
    told("The audit would take it for a token, a command or Vigía."),
    told("A password has 8 to 1,024 characters."),
    told("A role is one of viewer, operator, admin."),
    told("Scopes are read, operate, admin."),
    told("This needs the role %(needed)s; yours is %(role)s."),
    told("This was sent by a page of another site."),
    told("There is no job %(id)s."),
    told("There is no candidate %(id)s."),
    told("There is nobody with the number %(id)s."),
    told("There is no token with the number %(id)s."),
    told("There is no queue %(name)s; there are %(queues)s."),
    told("There is no worker %(name)s; it may have left."),
    told("There is no kind of job called %(name)s."),
    told("There is no such view of yours."),
    told("The audit has no act with the number %(id)s."),
    told("This job is not over yet. Wait for its end, or cancel it first."),
    told("This job is over already: %(status)s."),
    told("Nothing is left to retry: every record of this job is done or was settled since."),
    told("None of these failures is open; they were resolved or discarded since."),
    told("%(name)s has launched %(n)s jobs in the last minute; the limit is %(limit)s."),
    told("%(queue)s is paused already, by %(who)s: %(reason)s"),
    told("%(queue)s is not paused."),
    told("%(who)s has stopped %(worker)s already: %(reason)s"),
    told("%(worker)s is not drained."),
    told("Redis keeps the register of workers, and does not answer."),
    told("You keep %(n)s views of this page already. Delete one first."),
    told("You have a view of this name already."),
    told("There is already somebody called %(name)s."),
    told("You would lock yourself out. Ask another admin to do it."),
    told("%(name)s is the last admin. Make somebody else an admin first."),
    told("This token was revoked already."),
    told("This name cannot be used."),
    told("This password cannot be used."),
    told("nobody is indexed yet: launch a sync"),
    told("PostgreSQL does not answer: try again in a moment"),
    told("The CSRF token is missing."),
    told("The CSRF session token is missing."),
    told("The CSRF token has expired."),
    told("The CSRF token is invalid."),
    told("The CSRF tokens do not match."),
)


def _form(sentence: str) -> re.Pattern[str]:
    pieces = re.split(r"%\((\w+)\)s", sentence)
    return re.compile(
        "".join(f"(?P<{piece}>.+)" if n % 2 else re.escape(piece) for n, piece in enumerate(pieces)), re.S
    )


FORMS = tuple((_form(sentence), sentence) for sentence in OF_THE_CORE)


def said(sentence: str) -> str:
    """Say a sentence of the core in the reader's language."""
    for form, known in FORMS:
        if found := form.fullmatch(sentence):
            return gettext(known, **found.groupdict())
    return sentence


def beside(error: Invalid) -> dict[str, str]:
    """Give the sentence of each bad field."""
    return {field: said(sentence) for field, sentence in error.errors.items()}

"""What the core says about fields, in the reader's language. The core itself knows no languages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from core.errors import Invalid
from webapp.i18n import gettext

# Written here once more, so that they are found by whoever translates.
OF_THE_CORE = (
    _("A name has 1 to 100 characters that can be seen."),
    _("This name is taken."),
    _("The audit would take it for a token, a command or Vigía."),
    _("A password has 8 to 1,024 characters."),
    _("A role is one of viewer, operator, admin."),
    _("Scopes are read, operate, admin."),
)


def beside(error: Invalid) -> dict[str, str]:
    """Give the sentence of each bad field."""
    return {field: gettext(sentence) for field, sentence in error.errors.items()}

"""A new password, typed twice or made by us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.access import make_password
from core.errors import Invalid
from webapp.i18n import gettext as _


class NewPassword(NamedTuple):
    """`made` says that nobody has seen it yet."""

    text: str
    made: bool


def read(form: Mapping[str, str]) -> NewPassword:
    """Read the two fields; with both empty, make one. Raises Invalid when they differ."""
    first, again = form.get("password", ""), form.get("again", "")
    if first != again:
        raise Invalid(_("Some fields need a second look."), {"again": _("This is not what stands above.")})
    return NewPassword(first, False) if first else NewPassword(make_password(), True)

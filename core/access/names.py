"""Names that people give: to themselves and to tokens."""

from __future__ import annotations

import unicodedata

from core.errors import Invalid

LONGEST = 100
# How the audit names those who are no person; somebody of such a name could act in theirs.
TAKEN = ("token:", "cli:")
OURS = "vigia"


def visible(name: str) -> str:
    """Write a name in one way; raise Invalid when it is empty, too long, or has letters that cannot be seen."""
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= LONGEST or any(unicodedata.category(letter).startswith("C") for letter in name):
        raise Invalid("This name cannot be used.", {"name": "A name has 1 to 100 characters that can be seen."})
    return name


def own(name: str) -> str:
    """Write the name of a person; raise Invalid for one that the audit gives to tokens, commands or Vigía itself."""
    name = visible(name)
    if name.casefold().startswith(TAKEN) or name.casefold() == OURS:
        raise Invalid("This name cannot be used.", {"name": "The audit would take it for a token, a command or Vigía."})
    return name

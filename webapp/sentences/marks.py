"""How a sentence of the core is marked for whoever translates. What varies in it has a name, `%(until)s`."""

from __future__ import annotations

from typing import NamedTuple


class Counted(NamedTuple):
    """A sentence that depends on the number `%(n)s`."""

    one: str
    many: str


def told(sentence: str) -> str:
    """Mark a sentence; it stays as it is."""
    return sentence


def counted(one: str, many: str) -> Counted:
    """Mark a sentence that depends on a number; the core may write either form for any number."""
    return Counted(one, many)

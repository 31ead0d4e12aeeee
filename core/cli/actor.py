"""Who acts on the command line."""

from __future__ import annotations

import getpass

from core.access import Actor


def actor() -> Actor:
    """Name the person of the operating system, for the audit."""
    return Actor(f"cli:{getpass.getuser()}")

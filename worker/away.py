"""PostgreSQL that is away, said as our other engines say it."""

from __future__ import annotations

from core.errors import TryAgain


def database_away(error: Exception) -> TryAgain:
    """Name the error by its type alone, for its text may hold an address with its password."""
    return TryAgain(f"PostgreSQL did not answer ({type(error).__name__})", code="database_away", ours=True)

"""What it looks like when PostgreSQL is away."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.errors import TryAgain

# On the hot paths the driver speaks for itself.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError, psycopg.InterfaceError)


def database_away(error: Exception) -> TryAgain:
    """Say it as our other engines do; by its type alone, for the text may hold an address with its password."""
    return TryAgain(f"PostgreSQL did not answer ({type(error).__name__})", code="database_away", ours=True)

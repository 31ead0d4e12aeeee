"""Patience with a database that restarts."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# What it looks like when PostgreSQL is away; on the hot paths the driver speaks for itself.
DATABASE_AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,  # whoever was frozen begins anew
)
PAUSE_SECONDS = 0.25


def stubborn(act: Callable[[], None], *, seconds: float) -> None:
    """Do it, again and again while the database does not answer, for so many seconds; then let the error out."""
    end = time.monotonic() + seconds
    while True:
        try:
            return act()
        except DATABASE_AWAY:
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE_SECONDS)

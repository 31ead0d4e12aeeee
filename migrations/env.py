"""Alembic's entry: the core's tables against the database of `alembic -x url=…` or DATABASE_URL."""

from __future__ import annotations

import time

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from core import models  # noqa: F401  (fills the metadata)
from core.db import Base, driver_url
from core.settings import settings

LOCK = 7274001  # advisory


def url() -> str:
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    return driver_url(given or settings().database_url)


def run() -> None:
    """Bring the database to the wanted version, each step in a transaction of its own."""
    engine = create_engine(url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            _wait_for_turn(connection)
            context.run_migrations()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")


def _wait_for_turn(connection: Connection) -> None:
    """Let the second of two that migrate at once find nothing to do.

    It asks again and again: an index is built beside the work only once every statement older than it has ended, and
    a statement that waits for the lock would never.
    """
    while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LOCK})").scalar_one():
        connection.commit()
        time.sleep(0.2)
    connection.commit()


run()

"""Alembic's entry: the core's tables against the database of `alembic -x url=…` or DATABASE_URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

from core import models  # noqa: F401  (fills the metadata)
from core.db import Base, driver_url
from core.settings import settings


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
            # Two that migrate at once: the second waits and finds nothing to do.
            connection.exec_driver_sql("SELECT pg_advisory_lock(7274001)")
            context.run_migrations()
            connection.exec_driver_sql("SELECT pg_advisory_unlock(7274001)")


run()

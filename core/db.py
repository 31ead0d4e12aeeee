"""The engine, the session factory and the base of the tables."""

from __future__ import annotations

from sqlalchemy import Engine, MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# A process that is frozen inside a transaction must not hold its locks for ever.
OPTIONS = "-c idle_in_transaction_session_timeout=30000 -c timezone=UTC"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


def driver_url(url: str) -> str:
    """Name the driver in a plain `postgresql://` URL."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def engine_for(url: str, *, pool_size: int = 5) -> Engine:
    """Make an engine whose pooled connections are tried before use, so a restarted server costs no request."""
    return create_engine(
        driver_url(url),
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=10,
        connect_args={"connect_timeout": 5, "options": OPTIONS},
    )


def sessions_for(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)

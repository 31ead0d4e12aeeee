"""The engine, the session factory and the base of the tables."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg.errors import IdleInTransactionSessionTimeout
from psycopg.types.json import set_json_loads
from sqlalchemy import Engine, ExceptionContext, MetaData, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Unreadable:
    """Stands for JSON that no reader here can take; false, so that a page shows nothing of it."""

    def __bool__(self) -> bool:
        return False


UNREADABLE = Unreadable()


def read_json(written: str | bytes) -> Any:
    """Read JSON, whatever PostgreSQL let in: no value of one row may fail the read of the others."""
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError:  # a number beyond all floats, or thousands of brackets
        return _read_leniently(written)


def _read_leniently(written: str | bytes) -> Any:
    """Drop numbers that are no float; UNREADABLE when it is nested too deeply."""
    try:
        return json.loads(written, parse_int=_number, parse_float=_number)
    except (RecursionError, ValueError):
        return UNREADABLE


def _number(written: str) -> int | float | None:
    if len(written) < 19 and written.lstrip("-").isdigit():
        return int(written)
    number = float(written)
    return number if math.isfinite(number) else None


set_json_loads(read_json)

# A process that is frozen inside a transaction must not hold its locks for ever.
OPTIONS = "-c idle_in_transaction_session_timeout=30000 -c timezone=UTC"
# For who must not wait for a lock: a write takes milliseconds; who holds a row for longer is frozen, or the disk is.
WAIT_BRIEFLY = text("SET LOCAL lock_timeout = '250ms'")
# A server that is gone without a word, its cable cut, is given up after 20 to 25 s; the system would wait for hours.
SILENCE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


def driver_url(url: str) -> str:
    """Name the driver in a plain `postgresql://` URL."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def engine_for(url: str, *, pool_size: int = 6) -> Engine:
    """Make an engine whose pooled connections are tried before use, so a restarted server costs no request."""
    engine = create_engine(
        driver_url(url),
        pool_pre_ping=True,
        hide_parameters=True,  # an error in the log must not hold anybody's text
        pool_size=pool_size,
        max_overflow=0,  # a connection made and closed for one statement costs more than a short wait
        connect_args={"connect_timeout": 5, "options": OPTIONS, "application_name": name_of_process(), **SILENCE},
    )
    event.listen(engine, "handle_error", _call_it_away)
    return engine


def name_of_process() -> str:
    """Name this process, as pg_stat_activity shows whose a connection is."""
    return f"vigia-{os.getpid()}"


def _call_it_away(context: ExceptionContext) -> None:
    """Say of a transaction that was ended for its silence what is said of every connection that is gone."""
    silent = context.original_exception
    if isinstance(silent, IdleInTransactionSessionTimeout):
        raise OperationalError(None, None, silent, connection_invalidated=True) from silent


def cursor(session: Session) -> psycopg.Cursor[Any]:
    """Open the driver's own cursor, binary both ways, inside the session's transaction: for the hot paths."""
    connection: psycopg.Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection.cursor(binary=True)


# PostgreSQL's own way of writing arrays, to be cast by the statement: many times cheaper than the driver's, which
# looks at each item by itself.


def bigints(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def byteas(values: Iterable[bytes]) -> str:
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def moments(values: Iterable[datetime]) -> str:
    return "{" + ",".join([value.isoformat() for value in values]) + "}"


def sessions_for(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)

"""Errors that can be foreseen, in a sentence with the cure."""

from __future__ import annotations

import psycopg
from redis import RedisError
from sqlalchemy.exc import DBAPIError

from core.errors import AppError, Invalid


def explain(error: BaseException) -> str | None:
    """Say what is wrong and what helps; None for an error that nobody foresaw, whose traceback is wanted."""
    match error:
        case Invalid():
            return "\n  ".join([str(error), *(f"{name}: {text}" for name, text in error.errors.items())])
        case AppError():
            return str(error)
        case DBAPIError():
            return _database(error.orig)
        case psycopg.Error():
            return _database(error)
        case RedisError():
            return (
                f"Redis does not answer ({type(error).__name__}). Start it or correct REDIS_URL; "
                "`vigia doctor` looks closer, `vigia up` starts one by itself."
            )
        case PermissionError():
            return f"{error.filename}: permission denied. Give another --home, or the rights to this one."
        case _:
            return None


def _database(error: BaseException | None) -> str | None:
    match error:
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn() | psycopg.errors.UndefinedFunction():
            return "the tables are missing or older than this program. Run `vigia migrate`."
        case psycopg.OperationalError():
            reason = (str(error).strip() or "no answer").splitlines()[0]
            return (
                f"PostgreSQL does not answer: {reason}. Start it or correct DATABASE_URL; "
                "`vigia doctor` looks closer, `vigia up` starts one by itself."
            )
        case _:
            return None

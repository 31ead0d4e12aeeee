"""When a provider wants to be left alone, or refuses our key: in PostgreSQL, so that a wiped Redis forgets none."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from core.db import WAIT_BRIEFLY
from core.errors import LONGEST_SECONDS
from core.models import Hold, KeyRefusal


@dataclass(frozen=True, slots=True)
class Holds:
    """The hold of one provider."""

    sessions: sessionmaker[Session]
    name: str

    def keep(self, seconds: float, reason: str) -> None:
        """Let nobody call for so long, a year at most; a longer hold stays."""
        seconds = min(seconds, LONGEST_SECONDS)
        end = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        new = insert(Hold).values(name=self.name, until=end, reason=reason)
        fresh = {"until": new.excluded.until, "reason": new.excluded.reason, "set_at": func.clock_timestamp()}
        with self.sessions.begin() as session:
            session.execute(WAIT_BRIEFLY)  # who is frozen with this row in hand holds up nobody
            session.execute(
                new.on_conflict_do_update(index_elements=["name"], set_=fresh, where=Hold.until < new.excluded.until)
            )

    def left(self) -> tuple[float, str] | None:
        """Say how many seconds are left, and why; None when the provider may be called."""
        left = func.extract("epoch", Hold.until - func.clock_timestamp())
        query = select(left, Hold.reason).where(Hold.name == self.name, Hold.until > func.clock_timestamp())
        with self.sessions() as session:
            row = session.execute(query).first()
        return (float(row[0]), row[1]) if row else None


@dataclass(frozen=True, slots=True)
class Refusals:
    """Which keys were refused, by the names of their gates."""

    sessions: sessionmaker[Session]

    def keep(self, gate: str, code: str, detail: str) -> None:
        """Remember that a key was refused now. A database that is away forgets it: Redis still knows."""
        new = insert(KeyRefusal).values(gate=gate, code=code, detail=detail)
        fresh = {"code": code, "detail": detail, "at": func.clock_timestamp()}
        with suppress(SQLAlchemyError), self.sessions.begin() as session:
            session.execute(new.on_conflict_do_update(index_elements=["gate"], set_=fresh))

    def drop(self, gate: str) -> None:
        """Forget it: the key was accepted."""
        with suppress(SQLAlchemyError), self.sessions.begin() as session:
            session.execute(delete(KeyRefusal).where(KeyRefusal.gate == gate))

    def last(self, gate: str) -> tuple[str, str, float] | None:
        """Give the code, the words, and how many seconds ago it was; None for a key that was not refused."""
        age = func.greatest(0, func.extract("epoch", func.clock_timestamp() - KeyRefusal.at))
        query = select(KeyRefusal.code, KeyRefusal.detail, age).where(KeyRefusal.gate == gate)
        with self.sessions() as session:
            row = session.execute(query).first()
        return (row[0], row[1], float(row[2])) if row else None

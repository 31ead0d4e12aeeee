"""When a provider wants to be left alone, in PostgreSQL and by its clock: a wiped or restarted Redis forgets none."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from core.errors import LONGEST_SECONDS
from core.models import Hold


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

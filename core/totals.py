"""Running totals, for /metrics: noted while a transaction goes on, written as the last thing that it does.

Everybody adds to the same few rows. Written in one statement and in one order just before the commit, they are
locked for a moment only, and no two transactions ever wait for each other.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, SessionTransaction

from core.buckets import BEYOND, BOUNDS, SUM
from core.models import Total

_NOTED = "totals"  # where a session keeps what it will add

Key = tuple[str, str, str]


def add(session: Session, name: str, kind: str, label: str, amount: float = 1.0) -> None:
    """Add to a total when the session commits; a rollback adds nothing."""
    if amount:
        session.info.setdefault(_NOTED, Counter())[name, kind, label] += amount


def observe(session: Session, name: str, kind: str, seconds: float) -> None:
    """Count one duration of a histogram: in the bucket it falls into, not in the larger ones, and in the sum."""
    bucket = next((str(bound) for bound in BOUNDS if seconds <= bound), BEYOND)
    add(session, name, kind, bucket)
    add(session, name, kind, SUM, seconds)


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    noted: Counter[Key] | None = session.info.pop(_NOTED, None)
    if not noted:
        return
    session.flush()  # what else there is to write, so that these rows are locked last of all
    rows = [dict(zip(("name", "kind", "label", "value"), (*key, noted[key]), strict=True)) for key in sorted(noted)]
    new = insert(Total).values(rows)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["name", "kind", "label"], set_={"value": Total.value + new.excluded.value}
        )
    )


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Drop what was noted for a transaction that was rolled back."""
    if transaction.parent is None:
        session.info.pop(_NOTED, None)

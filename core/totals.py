"""Running totals, for /metrics: noted while a transaction goes on, written as the last thing that it does.

Everybody adds to the same few totals. Each transaction does so in a stripe of its own, the first that nobody has:
none ever waits for another, not even for one whose process was frozen before its commit.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session, SessionTransaction

from core.buckets import BEYOND, BOUNDS, SUM
from core.models import Total

Key = tuple[str, str, str]

_NOTED = "totals"  # where a session keeps what it will add

STRIPES = 7274004  # first key of the advisory locks, the second is the stripe
FREE = f"""
    free AS MATERIALIZED (
        SELECT stripe FROM generate_series(0, 31) AS stripe WHERE pg_try_advisory_xact_lock({STRIPES}, stripe) LIMIT 1
    )
"""  # noqa: S608  (a number of ours)
WRITE = text(f"""
    WITH {FREE}
    INSERT INTO totals (name, kind, label, value, stripe)
    SELECT noted.*, coalesce((SELECT stripe FROM free), -1)
    FROM unnest(
        CAST(:names AS text[]), CAST(:kinds AS text[]), CAST(:labels AS text[]), CAST(:amounts AS float8[])
    ) AS noted
    ORDER BY 1, 2, 3  -- more than 32 at once share the last stripe, and lock its rows in one order
    ON CONFLICT (name, kind, label, stripe) DO UPDATE SET value = totals.value + excluded.value
""")  # noqa: S608  (a number of ours)


def add(session: Session, name: str, kind: str, label: str, amount: float = 1.0) -> None:
    """Add to a total when the session commits; a rollback adds nothing."""
    if amount:
        session.info.setdefault(_NOTED, Counter())[name, kind, label] += amount


def observe(session: Session, name: str, kind: str, seconds: float) -> None:
    """Count one duration of a histogram: in the bucket it falls into, not in the larger ones, and in the sum."""
    bucket = next((str(bound) for bound in BOUNDS if seconds <= bound), BEYOND)
    add(session, name, kind, bucket)
    add(session, name, kind, SUM, seconds)


def read(session: Session) -> dict[Key, float]:
    """Return every total."""
    rows = session.execute(
        select(Total.name, Total.kind, Total.label, func.sum(Total.value)).group_by(Total.name, Total.kind, Total.label)
    )
    return {(name, kind, label): value for name, kind, label, value in rows}


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    noted: Counter[Key] | None = session.info.pop(_NOTED, None)
    if not noted:
        return
    session.flush()  # what else there is to write, so that the stripe is held for a moment only
    names, kinds, labels = zip(*noted, strict=True)
    session.execute(
        WRITE,
        {"names": [*names], "kinds": [*kinds], "labels": [*labels], "amounts": [float(n) for n in noted.values()]},
    )


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Drop what was noted for a transaction that was rolled back."""
    if transaction.parent is None:
        session.info.pop(_NOTED, None)

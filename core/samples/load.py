"""Put the sample people into the database."""

from __future__ import annotations

from itertools import islice

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Candidate
from core.samples.people import people

BATCH = 500


def load(session: Session, count: int) -> int:
    """Insert those of the first `count` sample people that are not there yet; return how many. The caller commits.

    Whoever is there stays as they are, edited or opted out: loading twice changes nothing.
    """
    statement = insert(Candidate).on_conflict_do_nothing(index_elements=["external_id"]).returning(Candidate.id)
    made = people(count)
    loaded = 0
    while batch := list(islice(made, BATCH)):
        loaded += len(session.scalars(statement, batch).all())
    return loaded

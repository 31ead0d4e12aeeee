"""Rows for tests: invented people, and jobs on their way."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.models import Candidate

_numbers = itertools.count(1)


def people(session: Session, count: int, **values: Any) -> Sequence[int]:
    """Insert invented candidates and return their ids; a value that can be called is given each one's number."""
    numbers = [next(_numbers) for _ in range(count)]
    rows = [
        {
            "external_id": f"person-{n}",
            "full_name": f"Persona Número {n}",
            "headline": f"Ingeniera de datos {n}",
            "summary": f"Builds data pipelines, case {n}.",
            "location": "Bilbao",
        }
        | {name: value(n) if callable(value) else value for name, value in values.items()}
        for n in numbers
    ]
    session.execute(insert(Candidate), rows)
    wanted = [row["external_id"] for row in rows]
    return session.scalars(select(Candidate.id).where(Candidate.external_id.in_(wanted)).order_by(Candidate.id)).all()

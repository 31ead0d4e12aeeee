"""One person's text as it is stored, for whoever mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.models import Candidate, Failure
from core.pipeline.text import words_of
from webapp.queries.page import BIGINT


@dataclass(frozen=True, slots=True)
class Profile:
    """A person; `texts` by column as a form writes them, `failure` is what is open. `version` is `updated_at`."""

    id: int
    external_id: str
    full_name: str
    version: datetime
    texts: dict[str, str]
    failure: Failure | None


def show(session: Session, candidate_id: int) -> Profile:
    """Read one person; raise NotFound."""
    stored = (
        session.execute(_STORED.where(Candidate.id == candidate_id)).one_or_none() if _is_id(candidate_id) else None
    )
    if stored is None:
        raise NotFound(f"There is no candidate {candidate_id}.")
    of_it = (Failure.record_kind == "candidate", Failure.record_id == candidate_id, Failure.status == "open")
    failure = session.scalars(select(Failure).where(*of_it).order_by(Failure.last_seen.desc()).limit(1)).first()
    texts = {
        "headline": stored.headline or "",
        "summary": stored.summary or "",
        "skills": "\n".join(words_of(stored.skills)),
        "experience": written(stored.experience),
        "education": written(stored.education),
    }
    return Profile(candidate_id, stored.external_id, stored.full_name, stored.updated_at, texts, failure)


def written(raw: str | None) -> str:
    """Write JSON so that a person can read it; what cannot be read stays as it is stored."""
    if raw is None:
        return ""
    try:
        return orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return raw


def _is_id(candidate_id: int) -> bool:
    return 0 < candidate_id <= BIGINT


# As text: what no reader can take may be mended too.
_RAW: Any = (cast(Candidate.experience, Text).label("experience"), cast(Candidate.education, Text).label("education"))
_STORED = select(
    Candidate.external_id,
    Candidate.full_name,
    Candidate.updated_at,
    Candidate.headline,
    Candidate.summary,
    Candidate.skills,
    *_RAW,
)

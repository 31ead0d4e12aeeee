"""The text of one person, put right by hand: only over the version that the hand has seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Text, cast, func, null, select, update
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.errors import Invalid, NotFound, Refused
from core.intake import row
from core.models import Candidate


class Texts(BaseModel):
    """What a person is found by; what is not given stays as it is. The limits are those of an import."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    headline: row.Headline | None = None
    summary: row.Text | None = None
    skills: row.Skills | None = None
    experience: row.Anything = None
    education: row.Anything = None


class Outdated(Refused):
    """Somebody has changed this profile since it was read."""

    code = "outdated"


def correct(
    session: Session, candidate_id: int, texts: Texts, *, seen: datetime, actor: Actor, reason: str
) -> datetime:
    """Write the texts that are given over the version of `seen`; return the new version. Commits.

    The audit keeps how long each text was and is, never the text. Raises NotFound, Outdated, and Invalid for nothing.
    """
    given = texts.model_dump(exclude_unset=True)
    if not given:
        raise Invalid("Nothing was changed.")
    before = _facts(session, candidate_id, given)
    if before["version"] != seen:
        raise Outdated("Somebody has changed this profile since it was read.")
    values = {name: null() if value is None else value for name, value in given.items()}
    session.execute(update(Candidate).where(Candidate.id == candidate_id).values(values))
    after = _facts(session, candidate_id, given)
    target = f"candidate:{candidate_id}"
    access.record(session, actor, "candidate.correct", target, reason=reason, before=_kept(before), after=_kept(after))
    session.commit()
    version: datetime = after["version"]
    return version


def _facts(session: Session, candidate_id: int, names: Iterable[str]) -> dict[str, Any]:
    """Lock the row, and give its version and the length of each of these texts."""
    lengths = [
        func.coalesce(func.length(cast(getattr(Candidate, name), Text)), 0).label(f"{name}.length") for name in names
    ]
    found = session.execute(
        select(Candidate.updated_at.label("version"), *lengths).where(Candidate.id == candidate_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(f"There is no candidate {candidate_id}.")
    return dict(found._mapping)


def _kept(facts: dict[str, Any]) -> dict[str, Any]:
    return facts | {"version": facts["version"].isoformat()}

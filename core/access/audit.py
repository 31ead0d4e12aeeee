"""Who acts, and the trail they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a token, as the audit names it; `person_id` is whose session or token it is."""

    name: str
    address: str | None = None
    request_id: str | None = None
    person_id: int | None = None


SYSTEM = Actor("vigia")


def record(
    session: Session,
    actor: Actor,
    action: str,
    target: str = "",
    *,
    reason: str = "",
    before: Any = None,
    after: Any = None,
) -> None:
    """Leave one audit row in the caller's transaction. Values are names, roles and counts, never candidate text."""
    session.add(
        AuditEvent(
            actor=actor.name,
            action=action,
            target=target,
            reason=reason,
            before=before,
            after=after,
            address=actor.address,
            request_id=actor.request_id,
        )
    )

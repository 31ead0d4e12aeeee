"""Alerts, as scripts see them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from webapp.api.answers.listing import Answer, Listing


class AlertAnswer(Answer):
    """One alert. `subject` is what it is about: a job's id, a queue, a worker; `cleared_at` is null while it stands."""

    id: int
    rule: str
    subject: str
    sentence: str
    cure: str = Field(description="What a person can do about it.")
    fired_at: datetime
    cleared_at: datetime | None


class AlertList(Listing[AlertAnswer]):
    """Alerts, newest first."""

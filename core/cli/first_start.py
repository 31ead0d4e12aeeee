"""What happens once in the life of a home: sample people, the first sync, the person `admin`."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import func, select

from core.access import SCOPES, create_person, create_token, record, token_of
from core.cli.actor import actor
from core.container import container
from core.jobs.launch import launch
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.models import Candidate, Person
from core.samples.load import load
from core.stack.home import Home

TOKEN = "admin_token"  # noqa: S105  (the name it is kept by)


class FirstStart:
    """Does what has not been done in this home yet. A start that was cut short is made up for by the next one."""

    def __init__(self, home: Home, sample: int, sync: bool) -> None:
        self._sample = sample
        self._sync = sync
        self._mark = home.path / "started"
        self._first = not self._mark.exists()
        self._home = home

    def load_people(self, loaded: Callable[[int], None]) -> None:
        """Load the sample people, unless there are people already: they may be real."""
        if not self._first or not self._sample:
            return
        with container().sessions.begin() as session:
            if session.scalar(select(Candidate.id).limit(1)) is None:
                count = load(session, self._sample)
                record(session, actor(), "candidates.sample", after={"loaded": count})
                loaded(count)

    def launch_sync(self) -> None:
        """Launch the first sync, when there is anybody to index."""
        if not self._first or not self._sync:
            return
        with container().sessions() as session:
            if session.scalar(select(Candidate.id).limit(1)) is not None:
                launch(
                    session,
                    container().redis,
                    KINDS["etl.sync"],
                    Sync.model_validate({}),
                    actor=actor(),
                    reason="First start",
                )

    def admin_token(self) -> str:
        """Return the token of the stack itself, with all scopes; a new one when the old one is no longer good."""
        kept = self._home.kept_secret(TOKEN)
        with container().sessions.begin() as session:
            if kept and token_of(session, kept):
                return kept
            _, plain = create_token(session, "stack", SCOPES, actor())
        self._home.keep_secret(TOKEN, plain)
        return plain

    def make_admin(self) -> str | None:
        """Make the person `admin` when there is nobody; return the password, which is kept nowhere."""
        password = None
        with container().sessions.begin() as session:
            if not session.scalar(select(func.count()).select_from(Person)):
                password = secrets.token_urlsafe(12)
                create_person(session, "admin", password, "admin", actor())
        self._mark.touch()
        return password

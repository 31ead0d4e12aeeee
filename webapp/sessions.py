"""Who is signed in: what the cookie says, and for how long it is believed.

The cookie is signed and holds an id of its own, the person, and when the session began and was last used. It ends
after 30 minutes without a click, after 12 hours in any case, with a sign-out, and with a new password.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from flask import current_app, g, session
from flask_login import login_user, logout_user
from redis.exceptions import RedisError
from sqlalchemy import select

from core.access import ROLES
from core.models import Person
from webapp.config import ABSOLUTE
from webapp.extensions import db, login_manager, redis
from webapp.readers import Readers, SignedIn
from webapp.security import is_poll

IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = int(ABSOLUTE.total_seconds())
SEEN_SECONDS = 60  # how exact the idle clock is; the cookie is not sent anew with each page

_signed_out: dict[str, float] = {}  # for as long as Redis is down


def sign_in(person: Person) -> None:
    """Begin a new session; nothing of the old one is kept, so that nobody can plant one."""
    session.clear()
    session.permanent = True
    now = int(time.time())
    session.update(sid=secrets.token_hex(16), born=now, seen=now, epoch=person.session_epoch)
    person.last_login = datetime.now(UTC)
    login_user(_signed_in(person))


def sign_out() -> None:
    """End this session everywhere, also for whoever copied its cookie."""
    sid = session.get("sid", "")
    _readers().forget([sid])
    now = time.time()
    for old in [gone for gone, at in list(_signed_out.items()) if now - at > ABSOLUTE_SECONDS]:
        _signed_out.pop(old, None)
    _signed_out[sid] = now
    with suppress(RedisError):
        redis.set(_key(sid), 1, ex=ABSOLUTE_SECONDS)
    logout_user()
    session.clear()


def forget(sid: str) -> None:
    """Read the person anew with the next request: something about them changed."""
    _readers().forget([sid])


def end_all(person: Person) -> None:
    """Let no poll go on believing what it read of a person whose `session_epoch` was raised; the reader's own goes on.

    Only the own password leads here with oneself: whoever typed it need not sign in again.
    """
    _readers().forget(_readers().sessions_of(person.id))
    if getattr(g.get("_login_user"), "id", None) == person.id:
        session.update(sid=secrets.token_hex(16), epoch=person.session_epoch)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(person_id: str) -> SignedIn | None:
    """Find the person of the request's session; None when it is over."""
    now, sid = time.time(), session.get("sid", "")
    if not person_id.isdigit() or _expired(now):
        return None
    if is_poll() and (known := _readers().get(sid, _standing)) is not None:
        return known
    person = None if _ended([sid]) else db.session.get(Person, int(person_id))
    if person is None or not _may_enter(person, session.get("epoch")):
        return None
    if not is_poll() and now - session["seen"] > SEEN_SECONDS:
        session["seen"] = int(now)
    return _readers().remember(sid, _signed_in(person), person.session_epoch)


def _expired(now: float) -> bool:
    seen, born = int(session.get("seen", 0)), int(session.get("born", 0))
    return now - seen > IDLE_SECONDS or now - born > ABSOLUTE_SECONDS


def _standing(sessions: Mapping[str, tuple[int, int]]) -> dict[str, SignedIn]:
    """Read the people of those sessions that still stand, in one statement and one round trip to Redis."""
    ids = {person_id for person_id, _ in sessions.values()}
    people = {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    ended = _ended(sessions)
    return {
        sid: _signed_in(people[person_id])
        for sid, (person_id, epoch) in sessions.items()
        if sid not in ended and person_id in people and _may_enter(people[person_id], epoch)
    }


def _ended(sids: Collection[str]) -> set[str]:
    """Say which of these were signed out."""
    ended = {sid for sid in sids if sid in _signed_out}
    with suppress(RedisError):
        told = redis.mget([_key(sid) for sid in sids])
        ended |= {sid for sid, known in zip(sids, told, strict=True) if known is not None}
    return ended


def _may_enter(person: Person, epoch: int | None) -> bool:
    return bool(person.active and person.role in ROLES and person.session_epoch == epoch)


def _readers() -> Readers:
    """Give what polls believe."""
    readers: Readers = current_app.extensions["readers"]
    return readers


def _signed_in(person: Person) -> SignedIn:
    return SignedIn(person.id, person.name, person.role, person.theme, person.language)


def _key(sid: str) -> str:
    return f"portal:signed-out:{sid}"

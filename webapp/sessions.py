"""Who is signed in: what the cookie says, and for how long it is believed.

The cookie is signed and holds an id of its own, the person, and when the session began and was last used. It ends
after 30 minutes without a click, after 12 hours in any case, with a sign-out, and with a new password.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import g, session
from flask_login import UserMixin, login_user, logout_user
from redis.exceptions import RedisError

from core.access import ROLES
from core.models import Person
from webapp.config import ABSOLUTE
from webapp.extensions import db, login_manager, redis
from webapp.security import is_poll

IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = int(ABSOLUTE.total_seconds())
SEEN_SECONDS = 60  # how exact the idle clock is; the cookie is not sent anew with each page
POLL_SECONDS = 3.0  # how long polls believe what was read of a person: they come every second

_recent: dict[str, tuple[float, SignedIn]] = {}
_signed_out: dict[str, float] = {}  # for as long as Redis is down


@dataclass(frozen=True, slots=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind a request."""

    id: int
    name: str
    role: str
    theme: str | None
    language: str | None


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
    _recent.pop(sid, None)
    _signed_out[sid] = time.time()
    with suppress(RedisError):
        redis.set(_key(sid), 1, ex=ABSOLUTE_SECONDS)
    logout_user()
    session.clear()


def forget(sid: str) -> None:
    """Read the person anew with the next request: something about them changed."""
    _recent.pop(sid, None)


def end_all(person: Person) -> None:
    """Let no poll go on believing what it read of a person whose `session_epoch` was raised; the reader's own goes on.

    Only the own password leads here with oneself: whoever typed it need not sign in again.
    """
    for sid in [sid for sid, (_, known) in list(_recent.items()) if known.id == person.id]:
        _recent.pop(sid, None)
    if getattr(g.get("_login_user"), "id", None) == person.id:
        session.update(sid=secrets.token_hex(16), epoch=person.session_epoch)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(person_id: str) -> SignedIn | None:
    """Find the person of the request's session; None when it is over."""
    now, sid = time.time(), session.get("sid", "")
    if not person_id.isdigit() or _expired(now):
        return None
    if is_poll() and sid in _recent and time.monotonic() - _recent[sid][0] < POLL_SECONDS:
        return _recent[sid][1]
    person = None if _ended(sid) else db.session.get(Person, int(person_id))
    if person is None or not _may_enter(person):
        return None
    if not is_poll() and now - session["seen"] > SEEN_SECONDS:
        session["seen"] = int(now)
    return _remember(sid, _signed_in(person))


def _expired(now: float) -> bool:
    seen, born = int(session.get("seen", 0)), int(session.get("born", 0))
    return now - seen > IDLE_SECONDS or now - born > ABSOLUTE_SECONDS


def _ended(sid: str) -> bool:
    with suppress(RedisError):
        return bool(sid in _signed_out or redis.exists(_key(sid)))
    return False


def _may_enter(person: Person) -> bool:
    return bool(person.active and person.role in ROLES and person.session_epoch == session.get("epoch"))


def _remember(sid: str, person: SignedIn) -> SignedIn:
    now = time.monotonic()
    for old in [known for known, (at, _) in list(_recent.items()) if now - at > POLL_SECONDS]:
        _recent.pop(old, None)
    for old in [gone for gone, at in list(_signed_out.items()) if time.time() - at > ABSOLUTE_SECONDS]:
        _signed_out.pop(old, None)
    _recent[sid] = (now, person)
    return person


def _signed_in(person: Person) -> SignedIn:
    return SignedIn(person.id, person.name, person.role, person.theme, person.language)


def _key(sid: str) -> str:
    return f"portal:signed-out:{sid}"

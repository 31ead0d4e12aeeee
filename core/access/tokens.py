"""Bearer tokens of the API: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.audit import Actor, record
from core.access.names import visible
from core.access.people import allows
from core.errors import Invalid, Refused
from core.models import ApiToken, Person

# Each scope may do what those before it may, and needs the role beside it of the person it belongs to.
SCOPES = {"read": "viewer", "operate": "operator", "admin": "admin"}
USED_SECONDS = 60  # how exact `last_used` is: a busy script must not write a row with each call


def create_token(
    session: Session,
    name: str,
    scopes: Iterable[str],
    actor: Actor,
    *,
    person: Person | None = None,
    expires: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; return its row and its text, which nobody can read again."""
    name = visible(name)
    chosen = sorted(set(scopes))
    if not chosen or not set(chosen) <= set(SCOPES):
        raise Invalid("These scopes cannot be used.", {"scopes": f"Scopes are {', '.join(SCOPES)}."})
    prefix = secrets.token_hex(4)
    plain = f"vigia_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        name=name,
        prefix=prefix,
        digest=_digest(plain),
        scopes=chosen,
        person_id=person.id if person else None,
        expires_at=expires,
    )
    session.add(token)
    session.flush()
    after = {"name": name, "scopes": chosen, "person": person.name if person else None, "expires": _written(expires)}
    record(session, actor, "token.create", f"token:{prefix}", after=after)
    return token, plain


def revoke_token(session: Session, token: ApiToken, actor: Actor, reason: str = "") -> None:
    """End a token for good, from its next call on; raise Refused for one that was revoked already."""
    session.refresh(token, with_for_update=True)
    if token.revoked_at is not None:
        raise Refused("This token was revoked already.")
    token.revoked_at = datetime.now(UTC)
    change = {"revoked": False}, {"revoked": True}
    record(session, actor, "token.revoke", f"token:{token.prefix}", reason=reason, before=change[0], after=change[1])


def token_of(session: Session, plain: str) -> ApiToken | None:
    """Return the token of this text if it may be used now; None otherwise. Notes the use in the transaction."""
    word, _, rest = plain.partition("_")
    prefix, _, secret = rest.partition("_")
    if word != "vigia" or not secret or not prefix.isalnum() or not plain.isascii():
        return None
    token = session.scalar(select(ApiToken).where(ApiToken.prefix == prefix))
    if token is None or not hmac.compare_digest(token.digest, _digest(plain)) or not _usable(token):
        return None
    now = datetime.now(UTC)
    if token.last_used is None or now - token.last_used > timedelta(seconds=USED_SECONDS):
        token.last_used = now
    return token


def scope_allows(session: Session, token: ApiToken, needed: str) -> bool:
    """Say whether a token has a scope, or a greater one, and whether its person still has the role for it."""
    order = list(SCOPES)
    if max(order.index(scope) for scope in token.scopes) < order.index(needed):
        return False
    if token.person_id is None:
        return True
    person = session.get(Person, token.person_id)
    return person is not None and person.active and allows(person.role, SCOPES[needed])


def _usable(token: ApiToken) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > datetime.now(UTC))


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()

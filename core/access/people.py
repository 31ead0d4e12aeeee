"""The people who sign in, and their roles.

Whatever is taken from a person (a role, the password, the way in) ends the sessions they have. There is always an
admin left, and nobody locks themself out: another admin must do that.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.audit import Actor, record
from core.access.names import own, visible
from core.access.passwords import hash_password
from core.errors import Invalid, NotFound, Refused
from core.models import Person

# Each role may do what those before it may.
ROLES = ("viewer", "operator", "admin")
# No letters that look like others: somebody may read it to somebody.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ACTIVE, INACTIVE = {"active": True}, {"active": False}


def allows(role: str, needed: str) -> bool:
    """Say whether a role may do what needs another."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def find(session: Session, name: str) -> Person:
    person = session.scalar(select(Person).where(Person.name == visible(name)))
    if person is None:
        raise NotFound(f"There is nobody called {name}.")
    return person


def create_person(session: Session, name: str, password: str, role: str, actor: Actor) -> Person:
    """Add somebody who may sign in; raise Invalid for a name that is taken, a bad role or password."""
    name = own(name)
    person = Person(name=name, password_hash=hash_password(password), role=_role(role))
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise Invalid(f"There is already somebody called {name}.", {"name": "This name is taken."}) from None
    record(session, actor, "person.create", f"person:{name}", after={"role": role})
    return person


def set_password(session: Session, name: str, password: str, actor: Actor) -> Person:
    """Give somebody a new password, which ends the sessions they have."""
    person = find(session, name)
    person.password_hash = hash_password(password)
    person.session_epoch += 1
    record(session, actor, "person.password", f"person:{person.name}", after={"sessions": "ended"})
    return person


def set_role(session: Session, name: str, role: str, actor: Actor, reason: str = "") -> Person:
    """Give somebody another role, which ends the sessions they have; raise Refused for the last admin."""
    role = _role(role)
    person = _theirs_to_lose(session, name, actor) if role != "admin" else find(session, name)
    before, person.role = person.role, role
    if before != role:
        person.session_epoch += 1
        change = {"role": before}, {"role": role}
        record(session, actor, "person.role", _target(person), reason=reason, before=change[0], after=change[1])
    return person


def deactivate(session: Session, name: str, actor: Actor, reason: str = "") -> Person:
    """Close the way in for somebody, and for their tokens; raise Refused for the last admin."""
    person = _theirs_to_lose(session, name, actor)
    if person.active:
        person.active = False
        person.session_epoch += 1
        record(session, actor, "person.deactivate", _target(person), reason=reason, before=ACTIVE, after=INACTIVE)
    return person


def reactivate(session: Session, name: str, actor: Actor, reason: str = "") -> Person:
    """Open the way in again: with the password, the role and the tokens that they had."""
    person = find(session, name)
    if not person.active:
        person.active = True
        record(session, actor, "person.reactivate", _target(person), reason=reason, before=INACTIVE, after=ACTIVE)
    return person


def make_password() -> str:
    """Make a password of 99 random bits that can be read aloud: `k7mq-x2wd-…`."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))


def is_last_admin(session: Session, person: Person) -> bool:
    """Say whether nobody else could let people in."""
    return _admins(session) == [person.id]


def _theirs_to_lose(session: Session, name: str, actor: Actor) -> Person:
    """Find somebody who may lose what they have. The admins are locked, so that two cannot remove each other."""
    admins = _admins(session, lock=True)
    person = find(session, name)
    session.refresh(person)
    if actor.person_id == person.id:
        raise Refused("You would lock yourself out. Ask another admin to do it.")
    if admins == [person.id]:
        raise Refused(f"{person.name} is the last admin. Make somebody else an admin first.")
    return person


def _admins(session: Session, lock: bool = False) -> list[int]:
    """List the admins who can sign in."""
    active = select(Person.id).where(Person.role == "admin", Person.active).order_by(Person.id)
    return list(session.scalars(active.with_for_update() if lock else active))


def _role(role: str) -> str:
    if role not in ROLES:
        raise Invalid(f"{role} is no role.", {"role": f"A role is one of {', '.join(ROLES)}."})
    return role


def _target(person: Person) -> str:
    return f"person:{person.name}"

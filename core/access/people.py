"""The people who sign in, and their roles."""

from __future__ import annotations

import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.audit import Actor, record
from core.access.passwords import hash_password
from core.errors import Invalid, NotFound
from core.models import Person

# Each role may do what those before it may.
ROLES = ("viewer", "operator", "admin")


def allows(role: str, needed: str) -> bool:
    """Say whether a role may do what needs another."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def find(session: Session, name: str) -> Person:
    person = session.scalar(select(Person).where(Person.name == _clean(name)))
    if person is None:
        raise NotFound(f"There is nobody called {name}.")
    return person


def create_person(session: Session, name: str, password: str, role: str, actor: Actor) -> Person:
    """Add somebody who may sign in; raise Invalid for a name that is taken, a bad role or password."""
    name = _clean(name)
    if session.scalar(select(Person.id).where(Person.name == name)) is not None:
        raise Invalid(f"There is already somebody called {name}.", {"name": "This name is taken."})
    person = Person(name=name, password_hash=hash_password(password), role=_role(role))
    session.add(person)
    session.flush()
    record(session, actor, "person.create", f"person:{name}", after={"role": role})
    return person


def set_password(session: Session, name: str, password: str, actor: Actor) -> Person:
    """Give somebody a new password, which ends the sessions they have."""
    person = find(session, name)
    person.password_hash = hash_password(password)
    person.session_epoch += 1
    record(session, actor, "person.password", f"person:{person.name}")
    return person


def set_role(session: Session, name: str, role: str, actor: Actor) -> Person:
    """Give somebody another role; it counts from their next request on."""
    person = find(session, name)
    before, person.role = person.role, _role(role)
    record(session, actor, "person.role", f"person:{person.name}", before={"role": before}, after={"role": role})
    return person


def _role(role: str) -> str:
    if role not in ROLES:
        raise Invalid(f"{role} is no role.", {"role": f"A role is one of {', '.join(ROLES)}."})
    return role


def _clean(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= 100 or any(unicodedata.category(letter).startswith("C") for letter in name):
        raise Invalid("This name cannot be used.", {"name": "A name has 1 to 100 characters that can be seen."})
    return name

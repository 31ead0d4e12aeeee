"""People for scripts: who may sign in, and the acts that change that."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import Field, StringConstraints

from core.access import ROLES, create_person, deactivate, make_password, reactivate, set_password, set_role
from core.models import Person
from webapp import sessions
from webapp.api.answers.access import NewPasswordAnswer, PersonAnswer, PersonList
from webapp.api.operation import operation, reply
from webapp.api.reading import Cursor, Reason, Request, Words
from webapp.extensions import db
from webapp.queries import people
from webapp.queries.people import PersonFilter
from webapp.security import actor

blueprint = Blueprint("people", __name__)

Role = Literal[ROLES]  # type: ignore[valid-type]
Password = Annotated[str, StringConstraints(min_length=8, max_length=1024)]
MADE = "Left out, one is made and answered once."


class PersonQuery(Cursor):
    """Which people."""

    q: Words = Field("", description="A piece of the name.")
    role: Role | None = None
    active: bool | None = None


class NewPerson(Request):
    """Somebody new."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    role: Role
    password: Password | None = Field(None, description=MADE)


class NewPassword(Request):
    """Another password."""

    password: Password | None = Field(None, description=MADE)


class NewRole(Request):
    """Another role."""

    role: Role
    reason: Reason = ""


class Why(Request):
    """Why it is done; the audit keeps it."""

    reason: Reason = ""


@blueprint.get("/people")
@operation("admin", {200: (PersonList,)})
def index(query: PersonQuery) -> Response:
    """List who may sign in, newest first."""
    where = PersonFilter(query.q, query.role, query.active)
    page = people.find_page(db.session(), where, query.cursor, query.limit)
    return reply(PersonList.of(page, PersonAnswer.model_validate))


@blueprint.post("/people")
@operation("admin", {201: (NewPasswordAnswer,)})
def create(body: NewPerson) -> Response:
    """Add somebody who may sign in."""
    password = body.password or make_password()
    person = create_person(db.session(), body.name, password, body.role, actor())
    return _with_password(person, None if body.password else password, 201)


@blueprint.post("/people/<int:person_id>/passwords")
@operation("admin", {200: (NewPasswordAnswer,)})
def create_password(person_id: int, body: NewPassword) -> Response:
    """Give somebody another password; their sessions end."""
    password = body.password or make_password()
    person = set_password(db.session(), _name(person_id), password, actor())
    return _with_password(person, None if body.password else password, 200)


@blueprint.post("/people/<int:person_id>/roles")
@operation("admin", {200: (PersonAnswer,)}, problems=(409,))
def create_role(person_id: int, body: NewRole) -> Response:
    """Give somebody another role; their sessions end. 409 for the last admin, and for the token's own person."""
    return _answer(set_role(db.session(), _name(person_id), body.role, actor(), body.reason))


@blueprint.post("/people/<int:person_id>/deactivations")
@operation("admin", {200: (PersonAnswer,)}, problems=(409,))
def create_deactivation(person_id: int, body: Why) -> Response:
    """Let somebody in no more, nor their tokens. 409 for the last admin, and for the token's own person."""
    return _answer(deactivate(db.session(), _name(person_id), actor(), body.reason))


@blueprint.post("/people/<int:person_id>/reactivations")
@operation("admin", {200: (PersonAnswer,)})
def create_reactivation(person_id: int, body: Why) -> Response:
    """Let somebody in again, with what they had."""
    return _answer(reactivate(db.session(), _name(person_id), actor(), body.reason))


def _name(person_id: int) -> str:
    return people.show(db.session(), person_id).name


def _answer(person: Person) -> Response:
    db.session.commit()
    sessions.end_all(person)
    return reply(PersonAnswer.model_validate(person))


def _with_password(person: Person, made: str | None, status: int) -> Response:
    db.session.commit()
    sessions.end_all(person)
    return reply(NewPasswordAnswer.model_validate(person).model_copy(update={"password": made}), status)

"""Who may call a view: one decorator for the roles of sessions, one for the scopes of tokens.

A view without either, and without `public`, fails a test of the house.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app, g, request
from flask_login import current_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from core.access import Actor, allows, scope_allows, token_of
from core.models import ApiToken
from webapp.extensions import db, login_manager

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[P, R]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def role(needed: str) -> Callable[[View[P, R]], View[P, R]]:
    """Let in people of this role or a greater one; others are asked to sign in, or refused."""

    def guard(view: View[P, R]) -> View[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_user.is_authenticated:
                return login_manager.unauthorized()  # type: ignore[no-any-return]
            require(needed)
            return view(*args, **kwargs)

        return _marked(guarded, f"role:{needed}")

    return guard


def scope(needed: str) -> Callable[[View[P, R]], View[P, R]]:
    """Let in bearer tokens of this scope or a greater one; the token is `g.token` then."""

    def guard(view: View[P, R]) -> View[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            token = _bearer()
            if not scope_allows(db.session(), token, needed):
                raise Forbidden(f"This token lacks the scope {needed}.")
            g.token = token
            db.session.commit()  # keeps when the token was last used
            return view(*args, **kwargs)

        return _marked(guarded, f"scope:{needed}")

    return guard


def public(view: View[P, R]) -> View[P, R]:
    """Mark a view that anybody may call."""
    return _marked(view, "public")


def poll(view: View[P, R]) -> View[P, R]:
    """Mark a view that a page calls by itself: it does not keep a session alive."""
    view.is_poll = True  # type: ignore[attr-defined]
    return view


def is_poll() -> bool:
    """Say whether a page asked by itself, and not a person."""
    return getattr(current_app.view_functions.get(request.endpoint or ""), "is_poll", False)


def require(needed: str) -> None:
    """Raise Forbidden unless the person signed in has this role or a greater one."""
    if not allows(current_user.role, needed):
        raise Forbidden(f"This needs the role {needed}; yours is {current_user.role}.")


def actor() -> Actor:
    """Name who makes this request, for the audit."""
    token: ApiToken | None = g.get("token")
    name, person_id = (f"token:{token.name}", token.person_id) if token else (current_user.name, current_user.id)
    return Actor(name, request.remote_addr, g.get("request_id"), person_id)


def same_origin() -> None:
    """Refuse a write that another site's page started. Browsers of today all say where a request comes from."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method not in SAFE_METHODS and site not in ("same-origin", "none"):
        raise Forbidden("This was sent by a page of another site.")


def _bearer() -> ApiToken:
    given = request.authorization
    plain = given.token if given is not None and given.type == "bearer" else None
    token = token_of(db.session(), plain) if plain else None
    if token is None:
        why = {"error": "invalid_token"} if plain else {}
        challenge = WWWAuthenticate("bearer", {"realm": "vigia", **why})
        raise Unauthorized("Send a valid token as Authorization: Bearer …", www_authenticate=challenge)
    return token


def _marked(view: View[P, R], needs: str) -> View[P, R]:
    marked: Any = view
    marked.needs = needs
    return view

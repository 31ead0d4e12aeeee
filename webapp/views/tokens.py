"""/tokens: what scripts call the API with. An operator has their own, an admin sees all."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import revoke_token
from core.errors import Invalid, Refused
from webapp import exports, once, token_form
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import tokens
from webapp.queries.tokens import TokenRow
from webapp.reasons import reason
from webapp.security import actor, role
from webapp.sentences import beside
from webapp.shared import may

bp = Blueprint("tokens", __name__)


@bp.get("/tokens")
@role("operator")
def index() -> ResponseReturnValue:
    where = _where()
    page = tokens.find_page(db.session(), where, request.args.get("cursor") or None)
    return render_template("tokens/index.html", page=page, where=where)


@bp.get("/tokens.<any(csv, json):ending>")
@role("operator")
def export(ending: str) -> ResponseReturnValue:
    where = _where()
    return exports.download("tokens", ending, lambda session: map(_line, tokens.each(session, where)))


@bp.get("/tokens/new")
@role("operator")
def new() -> ResponseReturnValue:
    return _form(token_form.USUAL, {})


@bp.post("/tokens")
@role("operator")
def create() -> ResponseReturnValue:
    try:
        token, text = token_form.make(request.form)
    except Invalid as bad:
        return _form(request.form, beside(bad)), 422
    once.keep(f"token:{token.id}", text)
    db.session.commit()
    return redirect(url_for("tokens.show", token_id=token.id), 303)


@bp.get("/tokens/<int:token_id>")
@role("operator")
def show(token_id: int) -> ResponseReturnValue:
    row = _theirs(token_id)
    return render_template("tokens/show.html", row=row, token=row.token, text=once.take(f"token:{token_id}"))


@bp.get("/tokens/<int:token_id>/revocations/new")
@role("operator")
def new_revocation(token_id: int) -> ResponseReturnValue:
    row = _theirs(token_id)
    if row.token.revoked_at is not None:
        raise Refused(_("This token was revoked already."))
    return render_template("tokens/revoke.html", row=row, token=row.token, errors={})


@bp.post("/tokens/<int:token_id>/revocations")
@role("operator")
def create_revocation(token_id: int) -> ResponseReturnValue:
    row, why = _theirs(token_id), reason()
    if not why:
        errors = {"reason": _("Say why: it is kept in the audit.")}
        return render_template("tokens/revoke.html", row=row, token=row.token, errors=errors), 422
    revoke_token(db.session(), row.token, actor(), why)
    db.session.commit()
    flash(_("Revoked: “%(name)s” opens nothing any more.", name=row.token.name), "ok")
    return redirect(url_for("tokens.index"), 303)


def _theirs(token_id: int) -> TokenRow:
    return tokens.show(db.session(), token_id, _owner())


def _where() -> tokens.TokenFilter:
    return tokens.TokenFilter(_owner(), request.args.get("state") or None, request.args.get("q", ""))


def _owner() -> int | None:
    """Give whose tokens the reader sees: their own, an admin everybody's."""
    return None if may("admin") else current_user.id


def _form(values: object, errors: dict[str, str]) -> str:
    life, scopes = token_form.LIFE, token_form.scopes()
    return render_template("tokens/new.html", values=values, errors=errors, life=life, scopes=scopes)


def _line(row: TokenRow) -> dict[str, object]:
    names = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used", "revoked_at")
    return {name: getattr(row.token, name) for name in names} | {"person": row.owner, "state": row.state}

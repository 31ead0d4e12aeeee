"""/views: filters of lists that people keep for themselves."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access.saved_views import delete_view, rename_view, save_view
from webapp import kept_views
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.security import actor, role

bp = Blueprint("saved_views", __name__)


@bp.post("/views")
@role("viewer")
def create() -> ResponseReturnValue:
    page, name = request.form.get("page", ""), request.form.get("name", "")
    query = kept_views.query_of(page, request.form.get("query", ""))
    view = save_view(db.session(), current_user.id, page, name, query, actor())
    db.session.commit()
    flash(_("“%(name)s” is kept above the list.", name=view.name), "ok")
    return redirect(kept_views.address(view), 303)


@bp.post("/views/<int:view_id>/names")
@role("viewer")
def rename(view_id: int) -> ResponseReturnValue:
    view = rename_view(db.session(), current_user.id, view_id, request.form.get("name", ""), actor())
    db.session.commit()
    return redirect(kept_views.address(view), 303)


@bp.post("/views/<int:view_id>/deletions")
@role("viewer")
def delete(view_id: int) -> ResponseReturnValue:
    view = delete_view(db.session(), current_user.id, view_id, actor())
    db.session.commit()
    flash(_("The view “%(name)s” is deleted.", name=view.name), "ok")
    return redirect(kept_views.address_of(view.page, view.query), 303)

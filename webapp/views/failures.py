"""/failures: causes, the records of one, and what to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.errors import Invalid
from core.failures import discard
from core.jobs.retry import retry_failures
from core.kinds import KINDS
from core.kinds.etl_embed import MOST_CHOSEN
from webapp import exports, kept_views
from webapp.extensions import db, redis
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.queries import failures
from webapp.security import actor, role

bp = Blueprint("failures", __name__)

MOST_IN_FILE = 100_000
FIELDS = (
    *("id", "cause", "step", "reason", "record_kind", "record_id", "external_id", "full_name", "job_id", "part"),
    *("attempts", "status", "first_seen", "last_seen", "trace_id"),
)


@bp.get("/failures")
@role("viewer")
def index() -> ResponseReturnValue:
    where, session = _where(request.args), db.session()
    groups = failures.groups(session, failures.FailureFilter(job_id=where.job_id)).items
    narrow = where.cause or where.job_id or request.args.get("all")
    page = failures.find_page(session, where, request.args.get("cursor") or None) if narrow else None
    kept = kept_views.of_page("failures", request.args)
    return render_template("failures/index.html", groups=groups, where=where, page=page, kept=kept)


@bp.get("/failures.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    """Give the open failures that match as a file, the last seen 100,000 at most."""
    where = _where(request.args)
    return exports.download("failures", ending, lambda session: map(_line, failures.each(session, where, MOST_IN_FILE)))


@bp.post("/failures/retries")
@role("operator")
def retries() -> ResponseReturnValue:
    launched = retry_failures(
        db.session(), redis, KINDS, _chosen(), actor=actor(), reason=request.form.get("reason", "").strip()
    )
    flash(_("Launched.") if launched.new else _("This retry was launched already; here it is."), "ok")
    return redirect(url_for("jobs.show", job_id=launched.job_id), 303)


@bp.post("/failures/discards/new")
@role("operator")
def new_discard() -> ResponseReturnValue:
    """Ask why, before anything is given up. A POST, for the choice may be long; it changes nothing."""
    return render_template("failures/discard.html", ids=_chosen(), errors={}, cause=request.form.get("cause", ""))


@bp.post("/failures/discards")
@role("operator")
def discards() -> ResponseReturnValue:
    ids, reason = _chosen(), request.form.get("reason", "").strip()
    if not reason:
        errors = {"reason": _("Say why: it is kept with each record and in the audit.")}
        page = render_template("failures/discard.html", ids=ids, errors=errors, cause=request.form.get("cause", ""))
        return page, 422
    count = discard(db.session(), ids, actor=actor(), reason=reason)
    flash(ngettext("%(num)s failure discarded.", "%(num)s failures discarded.", count), "ok")
    return redirect(url_for("failures.index"), 303)


def _line(row: failures.FailureRow) -> dict[str, object]:
    person = {"external_id": row.external_id, "full_name": row.full_name}
    return {name: person[name] if name in person else getattr(row.failure, name) for name in FIELDS}


def _where(asked: Mapping[str, str]) -> failures.FailureFilter:
    given = asked.get("job", "")
    try:
        job_id = UUID(given) if given else None
    except ValueError:
        raise Invalid(_("“%(id)s” is not the id of a job.", id=given[:40]), {"job": "uuid"}) from None
    return failures.FailureFilter(job_id=job_id, cause=asked.get("cause") or None)


def _chosen() -> list[int]:
    """Read the failures that were ticked, or all open ones of a cause, of one job where that is named."""
    ids = [int(given) for given in request.form.getlist("id") if given.isdigit() and len(given) < 19]
    if not ids and request.form.get("cause"):
        ids = list(failures.ids(db.session(), _where(request.form), MOST_CHOSEN))
    if not ids:
        raise Invalid(_("Nothing was chosen. Tick the records, or take the whole cause."))
    return ids

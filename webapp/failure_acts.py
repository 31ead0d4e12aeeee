"""Acts on many failures: what a form has chosen, as the job that would do it."""

from __future__ import annotations

from typing import Literal

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.jobs import acts
from core.kinds.failures_bulk import Bulk, FailureWhere
from webapp import failure_page
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import failure_acts

WHY = {
    "closed": lazy_gettext("resolved or discarded since"),
    "not_over": lazy_gettext("whole parts of jobs that are not over yet"),
}


def bulk_of(act: str, form: MultiDict[str, str]) -> Bulk:
    """Read what was ticked, or all that match; raise Invalid with the cure."""
    if act not in ("retry", "discard"):
        raise Invalid(_("There is no such act."), {"act": act[:40]})
    known: Literal["retry", "discard"] = "discard" if act == "discard" else "retry"
    if form.get("every"):
        upto = form.get("upto", "")
        number = int(upto) if _is_id(upto) else failure_acts.newest(db.session())
        return Bulk(act=known, ids=(), where=_where(form), upto=max(number, 1))
    ids = tuple(one for one in failure_page.ticked(form, acts.MOST).numbers if one)
    if not ids:
        raise Invalid(_("Nothing was chosen. Tick the records, or take the whole cause."), {"id": "none"})
    return Bulk(act=known, ids=ids, where=None, upto=None)


def _where(form: MultiDict[str, str]) -> FailureWhere:
    where = failure_page.asked(form).where
    return FailureWhere(
        cause=(where.cause or "")[:200] or None,
        step=(where.step or "")[:200] or None,
        job_id=where.job_id,
        record_id=None,
    )


def _is_id(given: str) -> bool:
    return given.isascii() and given.isdigit() and len(given) < 19

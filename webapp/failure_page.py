"""The page of the failures, put together from its address: the causes, the records of one, and one of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import flash, request, url_for
from werkzeug.datastructures import MultiDict

from core.errors import Invalid, NotFound
from core.kinds import KINDS
from core.kinds.etl_embed import MOST_CHOSEN
from webapp import chosen as ticks
from webapp import kept_views, offence
from webapp.chosen import Chosen
from webapp.extensions import db
from webapp.i18n import gettext as _
from webapp.queries import failures, profile
from webapp.queries.failures import STATUSES, FailureFilter, FailureRow
from webapp.queries.page import BIGINT

STEPS = sorted({step for kind in KINDS.values() if kind.indexes for step in kind.steps})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `every` lists the records of all causes."""

    where: FailureFilter
    every: bool
    args: Mapping[str, str]

    @property
    def narrow(self) -> bool:
        """Say whether single records are asked for, and not only the causes."""
        return bool(self.where.cause or self.where.job_id or self.every)

    def url(self, endpoint: str = "failures.index", **more: Any) -> str:
        return url_for(endpoint, **(dict(self.args) | more))


def asked(given: Mapping[str, str]) -> Asked:
    """Read the address, or a form that carries it; raise Invalid for what cannot be."""
    status = given.get("status") or "open"
    if status not in (*STATUSES, "any"):
        raise Invalid(_("“%(value)s” is no status of failures.", value=status[:40]), {"status": status[:40]})
    where = FailureFilter(
        status=None if status == "any" else status,
        cause=given.get("cause") or None,
        step=given.get("step") or None,
        job_id=_job(given.get("job", "")),
        mended=bool(given.get("mended")),
    )
    names = ("cause", "job", "step", "status", "mended", "all")
    return Asked(where, bool(given.get("all")), {name: given[name] for name in names if given.get(name)})


def shown() -> dict[str, Any]:
    """Give the template the page."""
    what, session = asked(request.args), db.session()
    groups = failures.groups(session, replace(what.where, cause=None, mended=False)).items
    page = failures.find_page(session, what.where, request.args.get("cursor") or None) if what.narrow else None
    chosen = ticked(request.args)
    return {
        "asked": what,
        "where": what.where,
        "groups": groups,
        "group": next((group for group in groups if group.cause == what.where.cause), None),
        "page": page,
        "cursor": request.args.get("cursor"),
        "chosen": chosen,
        "elsewhere": chosen.elsewhere({row.failure.id for row in page.items} if page else ()),
        "record": _record(request.args.get("record", "")),
        "kept": kept_views.of_page("failures", request.args),
        "steps": STEPS,
        "most_at_once": MOST_CHOSEN,
    }


def ticked(form: MultiDict[str, str], most: int = ticks.MOST) -> Chosen:
    """Read which failures are ticked, on this page and on others."""
    return ticks.chosen(form.get("chosen", ""), ticks.numbers(form.getlist("id")), most)


def turned() -> str:
    """Give the address of the page that was turned to, with all that is ticked in one word."""
    chosen = ticked(request.args)
    if chosen.left_out:
        flash(ticks.too_many(), "wait")
    cursor = request.args.get("cursor") or None
    return asked(request.args).url(cursor=cursor, chosen=chosen.word or None, _anchor="records")


def _record(given: str) -> dict[str, Any] | None:
    """Read the one record that was opened, with its text where that is somebody's."""
    row = failures.show(db.session(), int(given)) if given.isascii() and given.isdigit() and len(given) < 19 else None
    if row is None:
        return None
    return {"row": row, "texts": _texts(row)}


def _texts(row: FailureRow) -> list[offence.Text]:
    failure = row.failure
    if failure.record_kind != "candidate" or failure.record_id is None or failure.record_id > BIGINT:
        return []
    try:
        return offence.texts(profile.show(db.session(), failure.record_id).texts, failure.cause)
    except NotFound:
        return []


def _job(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError:
        raise Invalid(_("“%(id)s” is not the id of a job.", id=given[:40]), {"job": "uuid"}) from None

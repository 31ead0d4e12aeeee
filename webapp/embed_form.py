"""The form that brings chosen people into the index: those who were ticked, or all of a list as it is filtered."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Invalid
from core.jobs.kind import JobKind, Payload
from core.kinds import KINDS
from core.kinds.etl_embed import MOST_CHOSEN, Embed
from webapp import candidate_filter, reasons
from webapp.extensions import db
from webapp.forms import Form, payload_from
from webapp.i18n import gettext as _
from webapp.queries import candidates, coverage


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for. `cut` when the list is longer than one job takes: the newest are taken."""

    kind: JobKind
    payload: Payload
    reason: str
    cut: bool = False
    unknown: tuple[int, ...] = ()


def read(form: Form) -> Asked:
    """Read the form; raise Invalid when nobody was chosen."""
    kind, reason = KINDS["etl.embed"], reasons.reason()
    if form.getlist("candidate_ids"):
        return Asked(kind, payload_from(Embed, form), reason)
    if not form.get("state"):
        raise Invalid(_("Nobody was chosen. Tick the people first."))
    session = db.session()
    ids = candidates.ids(session, candidate_filter.read(form), coverage.show(session), MOST_CHOSEN + 1)
    if not ids:
        raise Invalid(_("Nobody is in this list any more. Somebody was quicker, or a job was."))
    payload = Embed(candidate_ids=tuple(sorted(ids[:MOST_CHOSEN])), force="force" in form)
    return Asked(kind, payload, reason, cut=len(ids) > MOST_CHOSEN)

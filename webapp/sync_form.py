"""The launch form of a sync: three scopes, two kinds. What a browser sent becomes a kind and its payload."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from flask import request
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.jobs import ledger
from core.jobs.kind import JobKind, Payload
from core.kinds import KINDS
from core.kinds.etl_embed import Embed
from core.kinds.etl_sync import Sync
from webapp import ids_file, reasons
from webapp.extensions import db
from webapp.forms import Form, form_of, payload_from
from webapp.i18n import gettext as _
from webapp.queries import pasted

SCOPES = ("all", "filter", "ids")
UNKNOWN_SHOWN = 20
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for. `unknown` are chosen ids that are nobody's."""

    kind: JobKind
    payload: Payload
    reason: str
    unknown: tuple[str, ...] = ()


def read(form: Form) -> Asked:
    """Read the form; raise Invalid with a sentence beside each bad field."""
    scope, reason = form.get("scope", "all"), reasons.reason()
    if scope not in SCOPES:
        raise Invalid(_("Some fields need a second look."), {"scope": _("Choose whom.")})
    if scope == "ids":
        return _chosen(form, reason)
    return _filtered(form, reason) if scope == "filter" else _everyone(form, reason)


def _everyone(form: Form, reason: str) -> Asked:
    """Read the form without its filter: hidden fields may still hold what was typed before."""
    kept = MultiDict((name, value) for name, value in form.items(multi=True) if "filter." not in name)
    return Asked(KINDS["etl.sync"], payload_from(Sync, kept), reason)


def _filtered(form: Form, reason: str) -> Asked:
    payload = payload_from(Sync, form)
    if payload.filter is None:
        raise Invalid(_("Some fields need a second look."), {"filter.location": _("Fill in at least one of these.")})
    return Asked(KINDS["etl.sync"], payload, reason)


def like(job_id: str) -> dict[str, str]:
    """Give the form's values of a job that was launched before, to run it again, edited."""
    try:
        job = ledger.find(db.session(), UUID(job_id))
    except ValueError:
        return {}
    values = form_of(job.payload) | {"reason": job.reason}
    filtered = any(name.startswith("filter.") for name in values)
    return values | {"scope": "ids" if "candidate_ids" in values else "filter" if filtered else "all"}


def as_call(asked: Asked, host_url: str) -> str:
    """Write the same launch as a call of the API."""
    path = "etl/embeddings" if asked.kind.name == "etl.embed" else "etl/sync"
    body = json.dumps(asked.payload.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return (
        f'curl -X POST "{host_url}v1/admin/{path}" \\\n'
        '  -H "Authorization: Bearer $VIGIA_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{quoted}'"
    )


def typed() -> dict[str, str]:
    """Give the form's values as they were sent, with the ids of a file as if they were pasted: it is not kept."""
    values = request.form.to_dict()
    try:
        lines = filter(None, [values.get("candidate_ids"), *ids_file.ids()])
        return values | {"candidate_ids": "\n".join(lines)}
    except Invalid:
        return values


def _chosen(form: Form, reason: str) -> Asked:
    """Read the ids, pasted or of a file, ours or external ones; those that are nobody's are named and left out."""
    known, unknown = pasted.people(db.session(), "\n".join(form.getlist("candidate_ids")), ids_file.ids())
    if not known and not unknown:
        raise Invalid(_("Nobody is chosen yet."), {"candidate_ids": _("Paste ids, or choose a file of them.")})
    if not known:
        shown = ", ".join(nobody[:LONGEST_SHOWN] for nobody in unknown[:UNKNOWN_SHOWN])
        sentence = _("Nobody has these ids: %(ids)s.", ids=shown) + " " + _("Copy them from the list of candidates.")
        raise Invalid(_("Nobody has these ids."), {"candidate_ids": sentence})
    kept = MultiDict([("candidate_ids", str(one)) for one in sorted(known)])
    kept.update({"force": "1"} if "force" in form else {})
    return Asked(KINDS["etl.embed"], payload_from(Embed, kept), reason, tuple(unknown))

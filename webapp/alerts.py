"""How alerts look: each rule's name in the reader's language, its colour, and where to see more."""

from __future__ import annotations

from flask import g, request
from flask_babel import lazy_gettext as _

from core.alerts.rules import RULES
from core.models import Alert
from webapp.extensions import db
from webapp.queries import alerts
from webapp.states import Look

MOST_SHOWN = 3
NAMES = {
    "key_refused": _("Key refused"),
    "budget_spent": _("Budget spent"),
    "engine_away": _("Engine away"),
    "queue_unheard": _("Queue without worker"),
    "job_stalled": _("Job stalled"),
    "search_misses": _("Search misses people"),
    "worker_lost": _("Worker lost"),
    "job_overdue": _("Job over its time"),
    "queue_deep": _("Queue too deep"),
    "dead_letters": _("Failures growing"),
}

# What the link to a rule's page says.
WAYS = {
    "/": _("Overview"),
    "/queues": _("See queues"),
    "/workers": _("See workers"),
    "/failures": _("See causes"),
    "/search/checks": _("See who is missed"),
    "/jobs/{subject}": _("See job"),
    "/jobs?status=failed": _("See failed jobs"),
    "/jobs?status=waiting": _("See waiting jobs"),
}


def name_of(alert: Alert) -> str:
    """Say what kind of alert this one is; one of a rule that is no more keeps its code."""
    return str(NAMES.get(alert.rule, alert.rule))


def look(alert: Alert) -> Look:
    """Give the colour, the icon and the name of its rule."""
    rule = RULES.get(alert.rule)
    if rule is None or rule.worse:
        return Look("bad", "circle-x", name_of(alert))
    return Look("wait", "triangle-alert", name_of(alert))


def way(alert: Alert) -> tuple[str, str] | None:
    """Give the address where more is seen of it and the words of the link; None when the reader is there."""
    rule = RULES.get(alert.rule)
    path = rule.page_of(alert.subject) if rule else None
    if rule is None or path is None or path == request.path:
        return None
    return f"{request.script_root}{path}", str(WAYS[rule.page])


def standing() -> list[Alert]:
    """Read the open alerts, worst first, once a request."""
    if "standing_alerts" not in g:
        g.standing_alerts = list(alerts.standing(db.session()))
    found: list[Alert] = g.standing_alerts
    return found

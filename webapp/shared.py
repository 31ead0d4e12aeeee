"""What every template may use: the reader, the language, the looks of states, the figures of the menu."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request
from flask_babel import lazy_gettext as _
from flask_login import current_user

from core.access import allows
from core.kinds import KINDS
from webapp import acts, alerts, assets, causes, changes, i18n, keys, rq_board, states, terms, waiting
from webapp.extensions import db
from webapp.queries import menu
from webapp.sentences import local, names

ROLE_NAMES = {"viewer": _("viewer"), "operator": _("operator"), "admin": _("admin")}
# Which entry of the menu a page belongs to, where its name does not say it.
SECTIONS = {
    "rq_dashboard": "rq_dashboard.queues_overview",
    "overview": "overview.show",
    "corrections": "candidates.index",
    "syncs": "syncs.new",
    "person_acts": "people.index",
    "own_password": "own_password.edit",
}
LOOKS = ("STATUS", "PLACE", "HAPPENING", "LEVEL", "OUTCOME", "STANDING", "TOKEN", "ORIGIN", "WORKER")


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        asset=assets.asset,
        languages=i18n.languages,
        letters=keys.LETTERS,
        rq_nonce=rq_board.nonce,
        kinds=KINDS,
        role_names=ROLE_NAMES,
        may=may,
        nav_counts=nav_counts,
        MOST_COUNTED=menu.MOST,
        priced=app.extensions["settings"].embedder == "cohere",
        UP=states.UP,
        GOOD=states.GOOD,
        PAUSED=states.PAUSED,
        MOST_ALERTS=alerts.MOST_SHOWN,
        alert_names=alerts.NAMES,
        standing_alerts=alerts.standing,
        DOWN=states.DOWN,
        **{name: getattr(states, name) for name in LOOKS},
    )
    app.jinja_env.filters.update(cause=causes.cause, why=causes.why, remedy=causes.remedy)
    app.jinja_env.filters.update(needs_a_person=causes.needs_a_person, wait=waiting.say)
    app.jinja_env.filters.update(local=local, names=names)
    app.jinja_env.filters.update(step=terms.step, parameter=terms.parameter)
    app.jinja_env.filters.update(act=acts.act, job_id=acts.job_id, changes=changes.changes)
    app.jinja_env.filters.update(alert_look=alerts.look, alert_name=alerts.name_of, alert_way=alerts.way)
    app.context_processor(_reader)


def may(needed: str) -> bool:
    """Say whether the reader has a role: what they may not do is not offered."""
    return allows(getattr(g.get("_login_user"), "role", ""), needed)


def nav_counts() -> menu.Counts:
    """Count what the menu shows beside its entries."""
    return menu.counts(db.session())


def _reader() -> dict[str, Any]:
    blueprint = request.blueprint or ""
    return {
        "current_user": current_user,
        "language": i18n.language(),
        "theme": getattr(g.get("_login_user"), "theme", None),
        "section": SECTIONS.get(blueprint, f"{blueprint}.index"),
    }

"""/settings: what this installation runs with. To be read only: it is changed where it is set."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from core import prices
from webapp import bounds, dependencies, installation
from webapp.extensions import db
from webapp.queries import coverage
from webapp.security import role

bp = Blueprint("settings", __name__)


@bp.get("/settings")
@role("admin")
def index() -> ResponseReturnValue:
    own, checks = current_app.extensions["settings"], dependencies.look()
    engines = {check.name: check.version for check in checks if check.version}
    return render_template(
        "settings/index.html",
        groups=installation.groups(own),
        limits=bounds.limits(),
        kept=bounds.kept(own.history_days),
        versions=installation.versions() | engines,
        checks=checks,
        coverage=coverage.show(db.session()),
        prices=prices.read(own.prices_file or prices.OURS),
    )

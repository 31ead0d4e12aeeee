"""The single keys of the portal: what `g` and a letter lead to, and what the others do."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class Way:
    """A page that `g` and its letter lead to, for those of a role."""

    endpoint: str
    word: LazyString
    needs: str = "viewer"


GO = {
    "o": Way("overview.show", _("Overview")),
    "j": Way("jobs.index", _("Jobs")),
    "f": Way("failures.index", _("Failures")),
    "l": Way("syncs.new", _("Launch"), "operator"),
    "c": Way("candidates.index", _("Candidates")),
    "m": Way("costs.index", _("Costs")),
    "a": Way("alerts.index", _("Alerts")),
    "q": Way("queues.index", _("Queues")),
    "w": Way("workers.index", _("Workers")),
    "t": Way("tokens.index", _("API tokens"), "operator"),
    "p": Way("people.index", _("People"), "admin"),
    "u": Way("audit.index", _("Audit"), "admin"),
    "s": Way("settings.index", _("Settings"), "admin"),
}
LETTERS = {way.endpoint: letter for letter, way in GO.items()}
ACTS = {
    "?": _("Show this list"),
    "/": _("Search on this page, or for anything where it has no search"),
    "j": _("Next row"),
    "k": _("Row before"),
    "x": _("Tick the row, or take the tick away"),
    "Enter": _("Open the row"),
    "Esc": _("Close what lies on top"),
}

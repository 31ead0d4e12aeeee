"""How each status looks: a colour's name, an icon and a word. Never one without the others."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext


class Look(NamedTuple):
    state: str  # data-state: ok, run, wait, bad, held, off
    icon: str  # the id of a symbol in the sprite
    word: str


# Jobs, parts and steps share their words.
STATUS = {
    "queued": Look("off", "circle-dashed", _("Queued")),
    "running": Look("run", "loader-circle", _("Running")),
    "waiting": Look("wait", "hourglass", _("Waiting")),
    "done": Look("ok", "circle-check", _("Done")),
    "completed": Look("ok", "circle-check", _("Completed")),
    "completed_with_errors": Look("wait", "triangle-alert", _("With errors")),
    "failed": Look("bad", "circle-x", _("Failed")),
    "cancelling": Look("off", "ban", _("Cancelling")),
    "cancelled": Look("off", "ban", _("Cancelled")),
}
# Where a person stands towards the index; also the lines of a history.
PLACE = {
    "indexed": Look("ok", "circle-check", _("Indexed")),
    "missing": Look("bad", "circle-x", _("Missing")),
    "stale": Look("wait", "triangle-alert", _("Stale")),
    "failed": Look("held", "pause", lazy_pgettext("person", "Failed")),
    "orphaned": Look("off", "ban", _("Orphaned")),
    "not_eligible": Look("off", "circle-dashed", _("Not eligible")),
}
# Why somebody is in such a place, where no failure says it.
WHY = {
    "never": _("never indexed"),
    "changed": _("changed since"),
    "other_model": _("of another model or size"),
    "deleted": _("deleted"),
    "opted_out": _("opted out"),
    "no_text": _("without text"),
}
HAPPENING = {
    "created": Look("off", "plus", _("Added")),
    "changed": Look("wait", "triangle-alert", _("Changed")),
    "indexed": Look("ok", "circle-check", _("Indexed")),
    "failed": Look("bad", "circle-x", lazy_pgettext("person", "Failed")),
    "resolved": Look("ok", "circle-check", _("Resolved")),
    "discarded": Look("off", "ban", _("Discarded")),
}
LEVEL = {
    "info": Look("off", "info", _("Info")),
    "wait": Look("wait", "hourglass", _("Wait")),
    "error": Look("bad", "circle-x", _("Error")),
}
OUTCOME = {
    "done": Look("ok", "circle-check", _("Done")),
    "skipped": Look("off", "ban", _("Left alone")),
    "indexed": Look("ok", "circle-check", _("Indexed")),
    "failed": Look("bad", "circle-x", _("Failed")),
    "unchanged": Look("off", "circle-check", _("Unchanged")),
    "removed": Look("off", "ban", _("Removed")),
    "pending": Look("off", "circle-dashed", _("To do")),
    "not_reached": Look("off", "ban", _("Not reached")),
}
# Whether a person may sign in, whether a token opens anything, and where a setting comes from.
STANDING = {
    True: Look("ok", "circle-check", _("Active")),
    False: Look("off", "ban", _("Deactivated")),
}
TOKEN = {
    "usable": Look("ok", "circle-check", _("In use")),
    "closed": Look("off", "pause", _("Closed")),
    "expired": Look("off", "hourglass", _("Expired")),
    "revoked": Look("off", "ban", _("Revoked")),
}
ORIGIN = {"environment": _("environment"), ".env": ".env", "default": _("default")}
WORKER = {
    "starting": Look("off", "circle-dashed", _("Starting")),
    "idle": Look("ok", "circle-check", _("Idle")),
    "busy": Look("run", "loader-circle", _("Busy")),
    "suspended": Look("held", "pause", _("Suspended")),
    "draining": Look("held", "loader-circle", _("Draining")),
    "drained": Look("held", "pause", _("Drained")),
    "stopping": Look("off", "ban", _("Stopping")),
    "silent": Look("bad", "circle-x", _("Silent")),
}
PAUSED = Look("held", "pause", _("Paused"))
GOOD = Look("ok", "circle-check", _("Nothing is wrong."))
UP = Look("ok", "circle-check", _("answers"))
DOWN = Look("bad", "circle-x", _("does not answer"))

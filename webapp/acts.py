"""What the actions of the audit mean, in words. An action without an entry is shown as it is."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext as _

ACTS = {
    "job.launch": _("Launched a job"),
    "job.cancel": _("Cancelled a job"),
    "failures.discard": _("Discarded failures"),
    "person.create": _("Added a person"),
    "person.role": _("Changed a role"),
    "person.password": _("Set a password"),
    "person.deactivate": _("Deactivated a person"),
    "person.reactivate": _("Reactivated a person"),
    "person.preferences": _("Changed preferences"),
    "view.save": _("Saved a view"),
    "view.rename": _("Renamed a view"),
    "view.delete": _("Deleted a view"),
    "token.create": _("Made a token"),
    "token.revoke": _("Revoked a token"),
    "session.login": _("Signed in"),
    "session.logout": _("Signed out"),
    "candidate.correct": _("Mended a profile"),
    "candidates.import": _("Imported people"),
    "candidates.sample": _("Loaded sample people"),
    "queue.pause": _("Paused a queue"),
    "queue.resume": _("Resumed a queue"),
    "worker.drain": _("Drained a worker"),
    "worker.stop": _("Stopped a worker"),
    "worker.resume": _("Let a worker go on"),
    "history.forget": _("Forgot jobs that ended long ago"),
    "search.check": _("Checked the search"),
    "rq.write": _("Changed a queue in the RQ dashboard"),
}


def job_id(target: str) -> UUID | None:
    """Read the id of the job that a target is; None for any other: a filter of the templates."""
    try:
        return UUID(target)
    except ValueError:
        return None


def act(action: str) -> str:
    """Say an action in words: a filter of the templates."""
    return str(ACTS.get(action, action))

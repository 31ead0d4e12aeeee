"""What is limited, and what is kept for how long, whatever the settings say."""

from __future__ import annotations

from core.jobs.queues import KEEP_FAILED_SECONDS
from core.jobs.split import MOST_PARTS
from core.kinds.etl_embed import MOST_CHOSEN
from webapp import once, sessions
from webapp.config import LARGEST_FORM
from webapp.formatting import duration, number
from webapp.i18n import gettext as _
from webapp.i18n import ngettext
from webapp.queries.page import EXACT_TO, MOST


def limits() -> dict[str, str]:
    return {
        _("Parts of a job"): number(MOST_PARTS),
        _("People chosen for one job"): number(MOST_CHOSEN),
        _("A form that is sent"): _("%(n)s kB", n=number(LARGEST_FORM // 1024)),
        _("One page of the API"): number(MOST),
        _("Counted exactly up to"): number(EXACT_TO),
    }


def kept(history_days: int | None) -> dict[str, str]:
    """Say what is kept for how long; jobs and what goes with them as HISTORY_DAYS says."""
    days = ngettext("%(num)s day after their end", "%(num)s days after their end", history_days or 0)
    past = days if history_days else _("for good")
    return {
        _("Jobs and their closed failures"): past,
        _("Alerts that are over, checks of the search"): past,
        _("Open failures, costs and the audit"): _("for good"),
        _("Vectors that were paid for"): _("for good"),
        _("A session without a click"): duration(sessions.IDLE_SECONDS),
        _("A session in any case"): duration(sessions.ABSOLUTE_SECONDS),
        _("Messages of failed jobs in Redis"): duration(KEEP_FAILED_SECONDS),
        _("A new token or password, to be shown once"): duration(once.SECONDS),
    }

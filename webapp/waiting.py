"""Why a queued job does not run yet, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from core.jobs.view import JobView
from webapp.dependencies import Check
from webapp.i18n import gettext as _
from webapp.i18n import ngettext


def why(job: JobView, others: Sequence[JobView], checks: Sequence[Check]) -> str:
    """Say what a queued job waits for: Redis, a worker, those before it. Empty for any other job."""
    if job.status != "queued" or job.message:
        return ""
    workers = next((check for check in checks if check.name == "Workers"), None)
    if workers is None or workers.said:
        return _("Redis does not answer, so workers cannot be told. The job is kept and starts when it does.")
    if job.queue not in workers.queues:
        return _("No worker listens on %(queue)s. Start one with: vigia worker", queue=job.queue)
    before = sum(other.queue == job.queue and other.created_at < job.created_at for other in others)
    if before:
        return ngettext("%(num)s job is before it.", "%(num)s jobs are before it.", before)
    return _("A worker takes it in a moment.") if workers.busy < workers.workers else _("Every worker is busy.")

"""What befalls jobs and parts: their messages, their stories, and why they wait."""

from __future__ import annotations

from webapp.sentences.marks import counted, told

SENTENCES = (
    # How a job ends, in its story: `Completed with errors. 3 of 40 failed; the others are done.`
    told("Completed."),
    told("Completed with errors."),
    told("Failed."),
    told("Cancelled."),
    # core.jobs.settle
    told("%(done)s of %(total)s are done and stay so."),
    told("Stopping; what is in hand ends first."),
    told("Every record failed."),
    counted("%(n)s of %(total)s failed; the others are done.", "%(n)s of %(total)s failed; the others are done."),
    told("Nothing to do."),
    counted("%(n)s of %(total)s parts wait, the others go on.", "%(n)s of %(total)s parts wait, the others go on."),
    told("The other parts go on."),
    # core.errors.waits, core.jobs.backoff
    told("Waits until %(until)s: %(why)s."),
    counted("Gave up after %(n)s try", "Gave up after %(n)s tries"),
    told("From now on tried every %(n)s s."),
    # core.jobs.split
    counted("%(n)s record in one part.", "%(n)s records in one part."),
    counted("%(n)s record in %(parts)s parts.", "%(n)s records in %(parts)s parts."),
    told("There is nothing to do."),
    counted("%(n)s more is in the hands of other jobs.", "%(n)s more are in the hands of other jobs."),
    # core.jobs.launch, core.jobs.cancel
    told("%(who)s launched the job"),
    told("%(who)s cancelled the job"),
    told("Cancelled before anything was done."),
    told("First start"),  # why `vigia up` launches the first job
    # core.jobs.ledger, core.jobs.reconcile
    told("%(worker)s took part %(part)s, attempt %(n)s."),
    told("Part %(part)s was handed back after %(done)s of %(total)s records."),
    told("Part %(part)s was handed back after %(done)s of %(total)s records: %(who)s paused the queue."),
    told("handed back, goes on soon"),
    told("handed back when its queue was paused"),
    told("recovering: its worker died"),
    told("The job was stopped before this part was done."),
    told("another part has stopped the job"),
    told("the job was cancelled"),
    told("%(worker)s stopped answering with part %(part)s."),
    counted(
        "Part %(part)s killed its worker %(n)s time; its records may be too large, or one crashes us.",
        "Part %(part)s killed its worker %(n)s times; its records may be too large, or one crashes us.",
    ),
    # core.jobs.turns
    counted(
        "%(who)s has %(n)s job going on, the most of one person at once (JOBS_PER_USER_AT_ONCE).",
        "%(who)s has %(n)s jobs going on, the most of one person at once (JOBS_PER_USER_AT_ONCE).",
    ),
    told("This one begins when one of them ends."),
    # core.jobs.explain
    told("%(queue)s is paused by %(who)s: %(reason)s"),
    told("Redis does not answer, so workers cannot be told."),
    told("The job is kept and starts when it does."),
    told("No worker listens on %(queue)s."),
    told("Start one with: vigia worker"),
    counted("%(n)s job is before it.", "%(n)s jobs are before it."),
    told("Every worker is busy; the next free one takes it."),
    told("A worker takes it in a moment."),
    told("It has stalled: nothing of it was done since %(time)s, though a worker holds it."),
    told("Its log says why."),
    # worker
    told("Waits for a dependency"),
    told("The job could not be cut into parts"),
    told("An error that nobody expected"),
    told("The collection behind %(alias)s is gone."),
    told("Launch a new sync: it makes the collection and fills it."),
)

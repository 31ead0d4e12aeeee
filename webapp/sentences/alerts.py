"""What alerts say, and their cures: core.alerts."""

from __future__ import annotations

from webapp.sentences.marks import counted, told

SENTENCES = (
    told("%(name)s does not answer."),
    told("Jobs are kept in PostgreSQL and go on by themselves; start Redis, or correct REDIS_URL."),
    told("Searches fail and jobs wait, then go on by themselves; start Qdrant, or correct QDRANT_URL."),
    told("Start it, or correct its address."),
    told("`vigia doctor` says more."),
    counted(
        "%(n)s record was set aside within %(total)s minutes.", "%(n)s records were set aside within %(total)s minutes."
    ),
    told("Mend their cause, which stands beside each, and retry them."),
    told("“%(title)s” is in a worker's hands, and nothing of it was done since %(until)s."),
    told("The worker's log says what it is at."),
    told("Cancelling keeps what is done; a retry does the rest."),
    told("“%(title)s” was launched more than %(hours)s h ago and is not over."),
    told("Its page says what holds it up, and lets you cancel it."),
    told("%(why)s, last at %(at)s."),
    told("Then retry the jobs that failed."),
    told("The search found %(done)s of %(total)s known people by their own text."),
    told("See who is missed, and index them again."),
    told("Jobs wait; searches go on."),
    counted(
        "%(n)s job or part waits in %(queue)s; more than %(most)s are too many.",
        "%(n)s jobs and parts wait in %(queue)s; more than %(most)s are too many.",
    ),
    told("Start more workers, on as many machines as you like: vigia worker"),
    counted(
        "No worker listens on %(queue)s, and %(n)s job or part waits for one.",
        "No worker listens on %(queue)s, and %(n)s jobs and parts wait for one.",
    ),
    told("Start one: vigia worker --queues %(queue)s"),
    told("%(worker)s lost a part at %(at)s; another worker goes on with it."),
    told("%(worker)s has not been heard of for more than %(n)s s."),
    told("Nothing is lost."),
    told("The search found %(done)s of %(total)s known people by their own text."),
    told("See who is missed, and index them again."),
    told("Its log says why it died; where none takes its place, start one with: vigia worker"),
)

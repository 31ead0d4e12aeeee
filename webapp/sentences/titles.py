"""What jobs are called. `%(fields)s` is what they were limited to: `location Madrid, skills python`."""

from __future__ import annotations

from webapp.sentences.marks import counted, told

SENTENCES = (
    # core.kinds.etl_sync
    told("Sync everybody not indexed"),
    told("Sync everybody not indexed, at most %(n)s"),
    told("Sync everybody not indexed with %(fields)s"),
    told("Sync everybody not indexed with %(fields)s, at most %(n)s"),
    told("Index everybody again"),
    told("Index everybody again, at most %(n)s"),
    told("Index everybody again with %(fields)s"),
    told("Index everybody again with %(fields)s, at most %(n)s"),
    # core.kinds.etl_embed
    counted("Embed %(n)s chosen person", "Embed %(n)s chosen people"),
    told("Embed person %(id)s"),
    # core.kinds.jobs_bulk
    counted("Retry %(n)s chosen job", "Retry %(n)s chosen jobs"),
    told("Retry job %(id)s"),
    told("Retry all jobs"),
    told("Retry the jobs that match “%(search)s”"),
    counted("Cancel %(n)s chosen job", "Cancel %(n)s chosen jobs"),
    told("Cancel job %(id)s"),
    told("Cancel all jobs"),
    told("Cancel the jobs that match “%(search)s”"),
    counted("Discard the failures of %(n)s chosen job", "Discard the failures of %(n)s chosen jobs"),
    told("Discard the failures of job %(id)s"),
    told("Discard the failures of all jobs"),
    told("Discard the failures of the jobs that match “%(search)s”"),
    # core.kinds.failures_bulk
    counted("Retry %(n)s chosen failure", "Retry %(n)s chosen failures"),
    told("Retry failure %(id)s"),
    told("Retry every failure"),
    told("Retry the failures with %(fields)s"),
    counted("Discard %(n)s chosen failure", "Discard %(n)s chosen failures"),
    told("Discard failure %(id)s"),
    told("Discard every failure"),
    told("Discard the failures with %(fields)s"),
)

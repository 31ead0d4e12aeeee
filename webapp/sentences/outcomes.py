"""What became of each job or failure of a bulk act: core.kinds."""

from __future__ import annotations

from webapp.sentences.marks import counted, told

SENTENCES = (
    counted("%(n)s failure is discarded.", "%(n)s failures are discarded."),
    told("Nothing of it is set aside any more."),
    told("Retried by a new job."),
    told("A retry of it is under way already."),
    told("It stops with the batch in hand."),
    told("It is being cancelled already."),
    told("It was cancelled already."),
    told("There are no jobs of the kind %(kind)s any more."),
    told("What it was launched with cannot be read any more."),
    told("Launch it anew."),
    told("It is not there any more."),
    told("Discarded."),
    told("The rest of its job is retried by a new job."),
    told("No kind of job takes single records of this sort."),
    told("It was resolved already."),
    told("It was discarded already."),
)

"""All that the core says, area by area. tests/house/test_sentences.py finds what is missing."""

from __future__ import annotations

from webapp.sentences import alerts, engines, jobs, outcomes, records, refusals, titles
from webapp.sentences.marks import told

# These stand around another sentence, and are looked for first.
AROUND = (
    told("%(why)s (attempt %(n)s of %(total)s is next)"),
    told("%(why)s [refused at %(at)s]"),
)
AREAS = (
    jobs.SENTENCES,
    titles.SENTENCES,
    engines.SENTENCES,
    alerts.SENTENCES,
    outcomes.SENTENCES,
    records.SENTENCES,
    refusals.SENTENCES,
)

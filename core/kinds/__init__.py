"""The kinds of job. A new one is a module here and its name in KINDS."""

from __future__ import annotations

from core.jobs.kind import JobKind
from core.jobs.turns import TURNLESS
from core.kinds import etl_embed, etl_sync, failures_bulk, jobs_bulk

EVERY = (etl_sync.KIND, etl_embed.KIND, jobs_bulk.KIND, failures_bulk.KIND)
KINDS: dict[str, JobKind] = {kind.name: kind for kind in EVERY}
# In the order in which a worker takes from them: acts on jobs go before the jobs.
QUEUES = tuple(sorted({kind.queue for kind in KINDS.values()}, key=lambda name: (name != TURNLESS, name)))

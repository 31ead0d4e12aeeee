"""All the rules, those that stop the most work first."""

from __future__ import annotations

from core.alerts import engines, failures, jobs, provider, queues, search, workers
from core.alerts.rule import Rule

ALL = (
    Rule("key_refused", provider.key_refused, "/jobs?status=failed"),
    Rule("budget_spent", provider.budget_spent, "/jobs?status=waiting"),
    Rule("engine_away", engines.away, "/", patience=30),
    # All workers of a machine may be new for a moment.
    Rule("queue_unheard", queues.unheard, "/workers", patience=15),
    Rule("job_stalled", jobs.stalled, "/jobs/{subject}"),
    Rule("search_misses", search.misses, "/search/checks"),
    Rule("worker_lost", workers.lost, "/workers", worse=False),
    Rule("job_overdue", jobs.overdue, "/jobs/{subject}", worse=False),
    Rule("queue_deep", queues.deep, "/queues", worse=False, calm=30),
    Rule("dead_letters", failures.growing, "/failures", worse=False, calm=30),
)
RULES = {rule.name: rule for rule in ALL}

"""The tables. One noun a module; the schema is made by `migrations/`, which a test holds against these."""

from core.models.access import ApiToken, AuditEvent, Person, SavedView
from core.models.candidate import Candidate
from core.models.failure import Failure
from core.models.index import Census, Coverage, EmbeddingCache, IndexState
from core.models.job import IdempotencyKey, Job, JobEvent, JobResult, Part
from core.models.money import Hold, KeyRefusal, PaidCall, Spend
from core.models.queue import QueuePause, WorkerOrder
from core.models.search_check import SearchCheck
from core.models.watch import Alert, Total

__all__ = [
    "Alert",
    "ApiToken",
    "AuditEvent",
    "Candidate",
    "Census",
    "Coverage",
    "EmbeddingCache",
    "Failure",
    "Hold",
    "IdempotencyKey",
    "IndexState",
    "Job",
    "JobEvent",
    "JobResult",
    "KeyRefusal",
    "PaidCall",
    "Part",
    "Person",
    "QueuePause",
    "SavedView",
    "SearchCheck",
    "Spend",
    "Total",
    "WorkerOrder",
]

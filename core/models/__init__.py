"""The tables. One noun a module; the schema is made by `migrations/`, which a test holds against these."""

from core.models.access import ApiToken, AuditEvent, Person
from core.models.candidate import Candidate
from core.models.failure import Failure
from core.models.index import Coverage, EmbeddingCache, IndexState
from core.models.job import IdempotencyKey, Job, JobEvent, Part

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Candidate",
    "Coverage",
    "EmbeddingCache",
    "Failure",
    "IdempotencyKey",
    "IndexState",
    "Job",
    "JobEvent",
    "Part",
    "Person",
]

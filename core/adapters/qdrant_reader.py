"""What qdrant-client does for us: search, and reading points."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from core.adapters.qdrant_filter import conditions
from core.adapters.qdrant_rest import READ_SECONDS, raise_for, raise_unreachable
from core.ports import Hit, RecordFilter


class QdrantReader:
    """Thread-safe; raises TryAgain and GiveUp as the port says."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self._client = QdrantClient(url=url, api_key=api_key, timeout=READ_SECONDS, check_compatibility=False)

    def search(self, collection: str, vector: NDArray[np.float32], limit: int, where: RecordFilter) -> list[Hit]:
        """Find the points nearest to a vector that the filter lets in, best first, with `record_id` alone."""
        wanted = conditions(where)
        with self._translated():
            answer = self._client.query_points(
                collection,
                query=vector.tolist(),
                limit=limit,
                query_filter=models.Filter.model_validate(wanted) if wanted else None,
                with_payload=["record_id"],
            )
        return [Hit(str(point.id), point.score, point.payload or {}) for point in answer.points]

    def retrieve(self, collection: str, ids: Sequence[uuid.UUID]) -> list[Hit]:
        """Return the points that exist, with payload; their score is 0."""
        with self._translated():
            points = self._client.retrieve(collection, [str(point_id) for point_id in ids], with_payload=True)
        return [Hit(str(point.id), 0.0, point.payload or {}) for point in points]

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except UnexpectedResponse as error:
            raise_for(error.status_code or 500, error.content.decode(errors="replace"))
        except ResourceExhaustedResponse as error:
            raise_for(429, error.message, error.retry_after_s)
        except ResponseHandlingException as error:
            raise_unreachable(error.source)

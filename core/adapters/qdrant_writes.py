"""Changes of points as operations of one batch request, each fenced by its own version."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.ports import Repayload, Upsert


def operation(change: Upsert | Repayload) -> dict[str, Any]:
    """Write one change; the engine leaves a point alone that has a newer version."""
    fence = [{"key": "version", "range": {"lte": change.version}}, {"is_empty": {"key": "version"}}]
    if isinstance(change, Upsert):
        point = {
            "id": change.id,
            "vector": np.ascontiguousarray(change.vector, dtype=np.float32),
            "payload": change.payload,
        }
        return {"upsert": {"points": [point], "update_filter": {"should": fence}}}
    # Of another text, the vector that stays would be wrong: a holder that died may have written it.
    same_text = {"key": "content_hash", "match": {"value": change.payload["content_hash"]}}
    which = {"must": [{"has_id": [change.id]}, same_text], "should": fence}
    return {"overwrite_payload": {"payload": change.payload, "filter": which}}

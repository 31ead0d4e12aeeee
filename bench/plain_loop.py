"""The loop most teams write: read everything, embed 96 texts at a time, upsert. With `base64` one word is changed.

Run as a process of its own: `python -m bench.plain_loop float|base64`; prints its figures as JSON.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Any

import cohere
import numpy as np
import psycopg
from qdrant_client import QdrantClient, models

BATCH = 96
COLLECTION = "plain"


def main(kind: str) -> None:
    co = cohere.ClientV2(api_key=os.environ["COHERE_API_KEY"], base_url=os.environ["COHERE_BASE_URL"])
    qdrant = QdrantClient(url=os.environ["QDRANT_URL"], check_compatibility=False, timeout=60)
    dimension = int(os.environ["EMBED_DIMENSION"])
    qdrant.create_collection(
        COLLECTION, vectors_config=models.VectorParams(size=dimension, distance=models.Distance.COSINE)
    )
    began, cpu = time.perf_counter(), time.process_time()
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        people = connection.execute(
            "SELECT id, external_id, headline, summary, skills, experience, education, location FROM candidates"
        ).fetchall()
    for start in range(0, len(people), BATCH):
        batch = people[start : start + BATCH]
        answer = co.embed(
            model=os.environ["EMBED_MODEL"],
            input_type="search_document",
            texts=[text_of(person) for person in batch],
            embedding_types=[kind],
            output_dimension=dimension,
        )
        points = [
            models.PointStruct(
                id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"plain:{person[0]}")),
                vector=vector,
                payload={"external_id": person[1], "location": person[7]},
            )
            for person, vector in zip(batch, vectors_of(answer.embeddings, kind), strict=True)
        ]
        qdrant.upsert(COLLECTION, points, wait=True)
    figures = {
        "rows": len(people),
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def text_of(person: Sequence[Any]) -> str:
    _, _, headline, summary, skills, experience, education, _ = person
    jobs = "\n".join(f"{job['title']} at {job['company']}: {job['summary']}" for job in experience)
    schools = "\n".join(f"{school['degree']}, {school['school']}" for school in education)
    return f"{headline}\n{summary}\n{', '.join(skills)}\n{jobs}\n{schools}"


def vectors_of(embeddings: Any, kind: str) -> list[list[float]]:
    if kind == "float":
        return list(embeddings.float_)
    return [np.frombuffer(base64.b64decode(row), dtype="<f4").tolist() for row in embeddings.base64]


if __name__ == "__main__":
    main(sys.argv[1])

"""How Cohere answers `POST /v2/embed`: what it refuses and in which words, and the shape of a good answer."""

from __future__ import annotations

import hashlib
import time
import uuid
from typing import Any

import orjson

from tests.standins.cohere_script import Call
from tests.standins.cohere_vectors import base64_of, digest_of, packed

MOST_TEXTS = 96
INPUT_TYPES = {"search_document", "search_query", "classification", "clustering", "image"}
DIMENSIONS = {
    "embed-v5.0-pro": (2048, 1536, 1024, 768, 512, 256),
    "embed-v5.0-fast": (2048, 1536, 1024, 768, 512, 256),
    "embed-v4.0": (1536, 1024, 512, 256),
}
FIXED = {"embed-multilingual-v3.0": 1024, "embed-english-v3.0": 1024, "embed-english-light-v3.0": 384}


def parsed(body: bytes) -> dict[str, Any]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}


def call_of(asked: dict[str, Any]) -> Call:
    texts = asked.get("texts") or []
    return Call(
        at=time.monotonic(),
        texts=len(texts),
        hashes=[hashlib.sha256(str(text).encode()).hexdigest() for text in texts],
        model=str(asked.get("model")),
        input_type=str(asked.get("input_type")),
        priority=asked.get("priority"),
        dimension=asked.get("output_dimension"),
        types=list(asked.get("embedding_types") or []),
    )


def problem_of(asked: dict[str, Any], markers: list[str]) -> tuple[int, str] | None:
    """Say how Cohere would refuse this request: status and message."""
    texts, model, dimension = asked.get("texts"), asked.get("model"), asked.get("output_dimension")
    if model not in DIMENSIONS and model not in FIXED:
        return 404, f"model '{model}' not found, make sure the correct model ID was used and that you have access to it"
    if asked.get("input_type") not in INPUT_TYPES:
        return 400, "invalid request: valid input_type must be provided with the provided model"
    if not isinstance(texts, list) or not texts:
        return 400, "invalid request: one of texts, images or inputs must be provided"
    if len(texts) > MOST_TEXTS:
        return 400, f"invalid request: total number of texts must be at most {MOST_TEXTS} - received {len(texts)}"
    if not all(isinstance(text, str) and text for text in texts):
        return 400, "invalid request: all texts must be non-empty strings"
    if dimension is not None and (model in FIXED or dimension not in DIMENSIONS[model]):
        return 400, f"invalid request: output_dimension {dimension} is not supported by {model}"
    if any(marker in text for marker in markers for text in texts):
        return 400, "invalid request: the texts could not be processed"
    return None


def embeddings(asked: dict[str, Any], call: Call, fault: str) -> bytes:
    """Write the answer; the fault spoils it as the names say."""
    texts, model = asked["texts"], asked["model"]
    dimension = FIXED.get(model) or call.dimension or DIMENSIONS[model][0]
    dimension = 7 if fault == "wrong_dimension" else dimension
    digests = [digest_of(model, text) for text in texts]
    if fault == "missing_vector":
        digests.pop()
    kinds: dict[str, Any] = {}
    if "base64" in call.types and fault != "no_base64":
        kinds["base64"] = [base64_of(digest, dimension) for digest in digests]
    if "float" in call.types or not call.types or fault == "no_base64":
        kinds["float"] = [_floats(packed(digest, dimension)) for digest in digests]
    if fault in ("nan", "zeros"):
        _spoil(kinds, "////" if fault == "nan" else "AAAA", dimension)
    tokens = sum(len(text) for text in texts) // 4 + len(texts)
    return orjson.dumps(
        {
            "id": str(uuid.uuid4()),
            "embeddings": kinds,
            "texts": texts,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}},
            "response_type": "embeddings_by_type",
        }
    )


def _floats(vector: bytes) -> list[float]:
    return memoryview(vector).cast("f").tolist()


def _spoil(kinds: dict[str, Any], letters: str, dimension: int) -> None:
    """Make the first vector of each kind all NaN or all zero."""
    if "base64" in kinds:
        whole, rest = divmod(dimension * 4, 3)
        kinds["base64"][0] = letters * whole + {0: "", 1: letters[:2] + "==", 2: letters[:3] + "="}[rest]
    if "float" in kinds:
        kinds["float"][0] = [0.0] * dimension if letters == "AAAA" else [None] * dimension

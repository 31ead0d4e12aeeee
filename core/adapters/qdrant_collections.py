"""Collections in Qdrant with their payload indexes and the alias that readers find them by."""

from __future__ import annotations

import re

from core.adapters.qdrant_rest import QdrantRest, Rejected
from core.errors import GiveUp
from core.ports import Collection

INDEXES = {
    "record_kind": "keyword",
    "record_id": "integer",
    "external_id": "keyword",
    "location": "keyword",
    "skills": "keyword",
    "languages": "keyword",
    "years_experience": "integer",
    "status": "keyword",
    "version": "integer",
}


def name_for(alias: str, model: str, dimension: int) -> str:
    """Name a collection after alias, model, dimension and version: `candidates_embed-v4-0_1024_1`."""
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")
    return f"{alias}_{slug}_{dimension}_1"


def find(rest: QdrantRest, alias: str) -> Collection | None:
    """Return the collection that the alias names; its model is empty where the collection does not say."""
    aliases = rest.get("/aliases")["aliases"]
    name = next((item["collection_name"] for item in aliases if item["alias_name"] == alias), None)
    if name is None:
        return None
    config = rest.get(f"/collections/{name}")["config"]
    size = int(config["params"]["vectors"].get("size", 0))
    return Collection(name, str((config.get("metadata") or {}).get("model", "")), size)


def make(rest: QdrantRest, alias: str, wanted: Collection) -> None:
    """Make a collection, its payload indexes and its alias; what somebody else has made meanwhile is kept."""
    body = {
        "vectors": {"size": wanted.dimension, "distance": "Cosine"},
        "metadata": {"model": wanted.model, "dimension": wanted.dimension},
    }
    try:
        rest.put(f"/collections/{wanted.name}", body)
    except Rejected:
        # Another worker, or an earlier try, was first.
        if not rest.get(f"/collections/{wanted.name}/exists")["exists"]:
            raise
    complete(rest, wanted.name)
    action = {"create_alias": {"collection_name": wanted.name, "alias_name": alias}}
    rest.post("/collections/aliases", {"actions": [action]})


def complete(rest: QdrantRest, name: str) -> None:
    """Make the payload indexes that a collection lacks: all of a new one's, or what a later version has added."""
    known = rest.get(f"/collections/{name}").get("payload_schema") or {}
    for field, schema in INDEXES.items():
        if field not in known:
            rest.put(f"/collections/{name}/index?wait=true", {"field_name": field, "field_schema": schema})


def require_same(found: Collection, alias: str, model: str, dimension: int) -> None:
    """Raise GiveUp with the cure unless the collection was made for this model and dimension."""
    if (found.model, found.dimension) == (model, dimension):
        return
    raise GiveUp(
        f"the collection {found.name} behind {alias} was made for {found.model or 'an unknown model'} with "
        f"{found.dimension} dimensions, and the settings say {model} with {dimension}: set EMBEDDER, EMBED_MODEL and "
        "EMBED_DIMENSION back, or give COLLECTION another name",
        code="collection_mismatch",
    )

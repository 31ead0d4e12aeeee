"""Collections and aliases behave as the server's do."""

from __future__ import annotations

from pathlib import Path

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from core.stack.vectors.catalog import Catalog

COSINE = models.VectorParams(size=4, distance=models.Distance.COSINE)


def alias(name: str, collection: str) -> models.CreateAliasOperation:
    return models.CreateAliasOperation(create_alias=models.CreateAlias(alias_name=name, collection_name=collection))


def no_alias(name: str) -> models.DeleteAliasOperation:
    return models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=name))


def aliases(client: QdrantClient) -> dict[str, str]:
    return {found.alias_name: found.collection_name for found in client.get_aliases().aliases}


@pytest.fixture
def two(ours: QdrantClient) -> QdrantClient:
    """A server with the collections `a` and `b`."""
    for name in ("a", "b"):
        ours.create_collection(name, vectors_config=COSINE)
    return ours


def test_a_collection_tells_what_it_was_made_for(ours: QdrantClient) -> None:
    ours.create_collection("a", vectors_config=COSINE, metadata={"model": "m", "version": 1})
    ours.create_payload_index("a", "city", models.PayloadSchemaType.KEYWORD)
    ours.create_payload_index("a", "city", models.PayloadSchemaType.KEYWORD)
    info = ours.get_collection("a")
    assert info.config.params.vectors == COSINE
    assert info.config.metadata == {"model": "m", "version": 1}
    assert [(name, schema.data_type) for name, schema in info.payload_schema.items()] == [("city", "keyword")]
    assert (info.points_count, info.status) == (0, "green")


def test_metadata_is_amended_key_by_key(ours: QdrantClient) -> None:
    ours.create_collection("a", vectors_config=COSINE, metadata={"model": "m", "version": 1})
    ours.update_collection("a", metadata={"version": 2})
    assert ours.get_collection("a").config.metadata == {"model": "m", "version": 2}


def test_a_dropped_index_is_gone(two: QdrantClient) -> None:
    two.create_payload_index("a", "city", models.PayloadSchemaType.KEYWORD)
    two.delete_payload_index("a", "city")
    assert two.get_collection("a").payload_schema == {}


def test_a_name_is_taken_once(two: QdrantClient) -> None:
    two.update_collection_aliases([alias("now", "a")])
    for name in ("a", "now"):
        with pytest.raises(UnexpectedResponse) as refused:
            two.create_collection(name, vectors_config=COSINE)
        assert refused.value.status_code == 409


def test_named_vectors_and_odd_sizes_are_refused(ours: QdrantClient) -> None:
    for config in ({"text": COSINE}, models.VectorParams(size=70_000, distance=models.Distance.DOT)):
        with pytest.raises(UnexpectedResponse) as refused:
            ours.create_collection("odd", vectors_config=config)
        assert refused.value.status_code == 400
    assert not ours.collection_exists("odd")


def test_an_alias_reads_and_writes_its_collection(two: QdrantClient) -> None:
    two.update_collection_aliases([alias("now", "a")])
    two.upsert("now", [models.PointStruct(id=1, vector=[1.0, 0.0, 0.0, 0.0], payload={})])
    assert (two.count("a").count, two.count("b").count) == (1, 0)
    assert two.collection_exists("now")
    assert [found.alias_name for found in two.get_collection_aliases("a").aliases] == ["now"]


def test_an_alias_is_switched_in_one_step(two: QdrantClient) -> None:
    two.update_collection_aliases([alias("now", "a")])
    two.update_collection_aliases([no_alias("now"), alias("now", "b"), alias("before", "a")])
    assert aliases(two) == {"now": "b", "before": "a"}
    rename = models.RenameAlias(old_alias_name="before", new_alias_name="older")
    two.update_collection_aliases([models.RenameAliasOperation(rename_alias=rename)])
    assert aliases(two) == {"now": "b", "older": "a"}


def test_alias_actions_are_all_done_or_none(two: QdrantClient) -> None:
    two.update_collection_aliases([alias("now", "a")])
    for wrong, status in ((alias("now", "nobody"), 404), (alias("b", "a"), 409)):
        with pytest.raises(UnexpectedResponse) as refused:
            two.update_collection_aliases([no_alias("now"), wrong])
        assert refused.value.status_code == status
        assert aliases(two) == {"now": "a"}


def test_a_dropped_collection_takes_its_aliases_with_it(two: QdrantClient) -> None:
    two.update_collection_aliases([alias("now", "a")])
    assert two.delete_collection("a") is True
    assert two.delete_collection("a") is False
    assert aliases(two) == {}
    assert [found.name for found in two.get_collections().collections] == ["b"]


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    first = Catalog(tmp_path)
    with pytest.raises(BlockingIOError):
        Catalog(tmp_path)
    first.close()
    Catalog(tmp_path).close()


def test_what_a_crash_left_half_made_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "shard-left").mkdir()
    catalog = Catalog(tmp_path)
    catalog.create("kept", {"vectors": {"size": 4, "distance": "Cosine"}})
    catalog.close()
    reopened = Catalog(tmp_path)
    assert reopened.names() == ["kept"]
    assert len(list(tmp_path.glob("shard-*"))) == 1
    reopened.close()

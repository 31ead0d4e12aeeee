"""The HTTP side: keys, odd requests, and nothing acknowledged lost by kill -9."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient, models

from core.stack import vector_server
from core.stack.children import Child
from core.stack.net import free_port

Start = Callable[..., tuple[Child, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers of this test's own folder; they end with the test."""
    children: list[Child] = []

    def make(api_key: str | None = None) -> tuple[Child, str]:
        port = free_port()
        child = Child(vector_server.program(tmp_path / "vectors", port, tmp_path / "vectors.log", api_key))
        children.append(child)
        child.start()
        child.wait_ready()
        return child, vector_server.url(port)

    yield make
    for child in children:
        child.ask_to_stop()
        child.wait_stopped()


def test_it_says_which_api_it_speaks(qdrant: str) -> None:
    assert httpx.get(qdrant).json()["version"] == "1.20.0"


def test_without_the_key_only_health_is_told(start: Start) -> None:
    _, url = start("a-secret-key")
    assert httpx.get(f"{url}/readyz").status_code == 200
    for headers in ({}, {"api-key": "wrong"}, {"authorization": "Bearer wrong"}):
        assert httpx.get(f"{url}/collections", headers=headers).status_code == 401
    for headers in ({"api-key": "a-secret-key"}, {"authorization": "Bearer a-secret-key"}):
        assert httpx.get(f"{url}/collections", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", b"", 404),
        ("PUT", "/collections/c", b"{broken", 400),
        ("PUT", "/collections/c", b"[]", 400),
        ("PUT", "/collections/c", b"{}", 400),
        ("POST", "/collections/c/points/count", b"{}", 404),
    ],
)
def test_odd_requests_get_a_plain_answer(qdrant: str, method: str, path: str, body: bytes, status: int) -> None:
    reply = httpx.request(method, qdrant + path, content=body)
    assert (reply.status_code, bool(reply.json()["status"]["error"])) == (status, True)


def test_a_body_without_a_length_is_refused(qdrant: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"{}"

    assert httpx.post(f"{qdrant}/collections/c/points/count", content=chunks()).status_code == 413


def test_the_next_call_on_a_connection_is_served_after_a_refused_one(qdrant: str) -> None:
    with httpx.Client(base_url=qdrant) as client:
        assert client.put("/nowhere", content=b"x" * 10_000).status_code == 400
        assert client.get("/collections").status_code == 200


def test_nothing_acknowledged_is_lost_by_kill_9(start: Start) -> None:
    child, url = start()
    with_client(url, make_collection)
    acknowledged: list[int] = []
    enough = threading.Event()
    writer = threading.Thread(target=write_until_it_dies, args=(url, acknowledged, enough))
    writer.start()
    assert enough.wait(60)
    child.send(signal.SIGKILL)
    writer.join()
    again, url = start()
    with_client(url, lambda client: check(client, acknowledged))
    again.ask_to_stop()
    again.wait_stopped()
    assert again.returncode == 0
    _, url = start()
    with_client(url, lambda client: check(client, acknowledged))


def test_it_ends_by_itself_on_a_signal(start: Start) -> None:
    child, _ = start()
    for signum in (signal.SIGTERM, signal.SIGINT):
        child.send(signum)
    child.wait_stopped()
    assert child.returncode == 0


def make_collection(client: QdrantClient) -> None:
    client.create_collection("c", vectors_config=models.VectorParams(size=8, distance=models.Distance.COSINE))
    client.create_payload_index("c", "n", models.PayloadSchemaType.INTEGER)
    create = models.CreateAlias(alias_name="now", collection_name="c")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=create)])


def write_until_it_dies(url: str, acknowledged: list[int], enough: threading.Event) -> None:
    client = QdrantClient(url=url, check_compatibility=False)
    for first in range(1, 100_000, 10):
        ids: list[Any] = list(range(first, first + 10))
        batch = models.Batch(ids=ids, vectors=[vector_of(id) for id in ids], payloads=[{"n": id} for id in ids])
        try:
            client.upsert("now", batch)
        except Exception:  # killed: whatever the client makes of it
            break
        acknowledged += ids
        if len(acknowledged) > 500:
            enough.set()
    client.close()


def vector_of(id: int) -> list[float]:
    """Give each point a direction of its own."""
    dice = random.Random(id)
    return [dice.gauss() for _ in range(8)]


def check(client: QdrantClient, acknowledged: list[int]) -> None:
    found, _ = client.scroll("now", limit=200_000)
    kept = {point.id: point.payload for point in found}
    assert all(kept.get(id) == {"n": id} for id in acknowledged)
    for id in acknowledged[::50]:
        assert client.query_points("now", vector_of(id), limit=1).points[0].id == id
    assert set(client.get_collection("now").payload_schema) == {"n"}


def with_client(url: str, act: Callable[[QdrantClient], None]) -> None:
    client = QdrantClient(url=url, check_compatibility=False)
    try:
        act(client)
    finally:
        client.close()

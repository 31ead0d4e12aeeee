"""What each bad answer of Qdrant means for the work, told by a server that answers as the test says."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from core.adapters import qdrant_index
from core.adapters.qdrant_index import QdrantIndex
from core.adapters.qdrant_rest import PORT, QdrantRest
from core.errors import GiveUp, TryAgain
from core.ports import RecordFilter, Upsert

WRITE = b'{"result": [{"operation_id": 1, "status": "completed"}], "status": "ok"}'


@dataclass
class Unwell:
    """Answers every call with the same status and body, and remembers the calls."""

    status: int = 200
    body: bytes = WRITE
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def unwell() -> Iterator[Unwell]:
    script = Unwell()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            script.asked.append((self.path, self.headers.get("api-key")))
            self.send_response(script.status)
            for name, value in ({"Content-Length": str(len(script.body))} | script.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(script.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def index(unwell: Unwell) -> Iterator[QdrantIndex]:
    index = QdrantIndex(unwell.url, "key-of-qdrant")
    yield index
    index.close()


def write(index: QdrantIndex) -> None:
    index.write("some", [Upsert(uuid.uuid4(), np.ones(4, dtype=np.float32), {"version": 1}, 1)])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 507])
def test_what_may_pass_is_tried_again_in_the_engines_own_words(status: int, unwell: Unwell, index: QdrantIndex) -> None:
    unwell.status, unwell.body = status, b'{"status": {"error": "no space left on device"}}'

    with pytest.raises(TryAgain, match="no space left on device") as caught:
        write(index)

    assert (caught.value.code, caught.value.after) == ("qdrant_unwell", None)
    assert len(unwell.asked) == 1


def test_a_retry_after_is_honoured(unwell: Unwell, index: QdrantIndex) -> None:
    unwell.status, unwell.headers = 429, {"Retry-After": "7"}

    with pytest.raises(TryAgain) as caught:
        write(index)

    assert caught.value.after == 7


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
@pytest.mark.parametrize(("status", "after"), [(429, 7.0), (503, None)])
def test_searching_an_unwell_engine_is_tried_again(
    status: int, after: float | None, unwell: Unwell, index: QdrantIndex
) -> None:
    unwell.status, unwell.headers = status, {"Retry-After": "7"} if after else {}

    with pytest.raises(TryAgain) as caught:
        index.search("some", np.ones(4, dtype=np.float32), 1, RecordFilter(location="Madrid"))

    assert (caught.value.code, caught.value.after) == ("qdrant_unwell", after)


@pytest.mark.parametrize(
    ("status", "code", "cure"),
    [
        (401, "qdrant_key_refused", "QDRANT_API_KEY"),
        (403, "qdrant_key_refused", "QDRANT_API_KEY"),
        (404, "collection_missing", "launch a sync"),
        (400, "qdrant_refuses", "give COLLECTION another name"),
        (422, "qdrant_refuses", "give COLLECTION another name"),
    ],
)
def test_what_no_retry_can_mend_stops_the_job_with_the_cure(
    status: int, code: str, cure: str, unwell: Unwell, index: QdrantIndex
) -> None:
    unwell.status = status

    with pytest.raises(GiveUp, match=cure) as caught:
        write(index)

    assert caught.value.code == code


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b""])
def test_an_answer_that_is_not_qdrants_is_no_acknowledgement(body: bytes, unwell: Unwell, index: QdrantIndex) -> None:
    unwell.body = body

    with pytest.raises(TryAgain) as caught:
        write(index)

    assert caught.value.code == "qdrant_invalid_answer"


def test_a_write_that_is_not_applied_yet_is_no_acknowledgement(unwell: Unwell, index: QdrantIndex) -> None:
    unwell.body = WRITE.replace(b"completed", b"wait_timeout")

    with pytest.raises(TryAgain, match="wait_timeout") as caught:
        write(index)

    assert caught.value.code == "qdrant_slow"


def test_the_key_goes_with_every_call(unwell: Unwell, index: QdrantIndex) -> None:
    write(index)

    assert unwell.asked == [("/collections/some/points/batch?wait=true", "key-of-qdrant")]


def test_an_engine_that_breaks_off_is_tried_again(unwell: Unwell, index: QdrantIndex) -> None:
    unwell.headers = {"Content-Length": "999"}

    with pytest.raises(TryAgain) as caught:
        write(index)

    assert caught.value.code == "qdrant_unreachable"


def test_an_address_without_a_port_has_qdrants_own() -> None:
    rest = QdrantRest("http://127.0.0.1", None, 1)

    assert rest._http.base_url.port == PORT
    rest.close()


def test_a_deletion_waits_no_longer_than_a_transaction_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdrant_index, "DELETE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it listens, and never answers
        index = QdrantIndex(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TryAgain, match="ReadTimeout"):
            index.delete("people", [uuid.uuid4()])
        index.close()

"""The stand-in for Cohere is itself held to what it promises."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from tests.core.stack.test_children import until
from tests.standins.cohere import CohereStandIn, Fault, vector_of

ASKED: dict[str, Any] = {
    "model": "embed-v4.0",
    "input_type": "search_document",
    "texts": ["nurse", "engineer"],
    "embedding_types": ["base64", "float"],
    "output_dimension": 256,
}
KEY = {"Authorization": "Bearer key"}


def ask(cohere: CohereStandIn, **changed: Any) -> httpx.Response:
    return httpx.post(f"{cohere.url}/v2/embed", json=ASKED | changed, headers=KEY)


def test_base64_and_floats_say_the_same_and_differ_by_text_and_model() -> None:
    with CohereStandIn() as cohere:
        answer = ask(cohere).json()["embeddings"]
        other = ask(cohere, model="embed-v5.0-pro").json()["embeddings"]

    rows = [np.frombuffer(base64.b64decode(row), dtype="<f4") for row in answer["base64"]]
    assert np.array(answer["float"], dtype="<f4").tolist() == [row.tolist() for row in rows]
    assert np.array_equal(rows[0], vector_of("embed-v4.0", "nurse", 256))
    assert answer["base64"][0] != answer["base64"][1]
    assert answer["base64"][0] != other["base64"][0]
    assert np.linalg.norm(rows[0]) > 0.1


@pytest.mark.parametrize("dimension", [256, 512, 1024, 1536])
def test_every_dimension_is_packed_right(dimension: int) -> None:
    with CohereStandIn() as cohere:
        answer = ask(cohere, output_dimension=dimension).json()["embeddings"]["base64"][0]

    assert base64.b64decode(answer) == vector_of("embed-v4.0", "nurse", dimension).tobytes()


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"texts": ["x"] * 97}, 400, "at most 96 - received 97"),
        ({"texts": ["x", ""]}, 400, "non-empty"),
        ({"texts": []}, 400, "must be provided"),
        ({"input_type": "nonsense"}, 400, "input_type"),
        ({"output_dimension": 1000}, 400, "output_dimension"),
        ({"model": "embed-v4.0", "output_dimension": 2048}, 400, "output_dimension"),
        ({"model": "embed-nothing"}, 404, "not found"),
    ],
)
def test_it_refuses_what_cohere_refuses(changed: dict[str, Any], status: int, words: str) -> None:
    with CohereStandIn() as cohere:
        answer = ask(cohere, **changed)

    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_it_remembers_what_it_was_asked_and_who_was_billed() -> None:
    with CohereStandIn() as cohere:
        cohere.script.fail(Fault(status=429, retry_after="7"))
        assert ask(cohere).headers["retry-after"] == "7"
        ask(cohere)
        httpx.post(f"{cohere.url}/v2/embed", json=ASKED)
        report = httpx.get(f"{cohere.url}/calls").json()
        httpx.delete(f"{cohere.url}/calls")

        assert [call["status"] for call in report["calls"]] == [429, 200, 401]
        assert report["calls"][0]["hashes"] == [hashlib.sha256(text.encode()).hexdigest() for text in ASKED["texts"]]
        assert (report["texts"], report["most_in_flight"], report["in_flight"]) == (6, 1, 0)
        assert cohere.script.calls == []


def test_its_latency_does_not_stand_in_line() -> None:
    with CohereStandIn(latency=0.05) as cohere, ThreadPoolExecutor(4) as pool:
        cohere.script.pause(after=0)
        answers = pool.map(lambda _: ask(cohere), range(4))

        assert until(lambda: cohere.script.in_flight == 4)
        cohere.script.go_on()
        assert [answer.status_code for answer in answers] == [200] * 4


def test_it_keeps_a_limit_of_inputs_a_minute() -> None:
    with CohereStandIn(inputs_per_minute=3) as cohere:
        assert [ask(cohere).status_code, ask(cohere).status_code] == [200, 429]


def test_it_runs_as_a_process_that_is_scripted_over_http() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.standins.cohere", "--latency-ms", "1"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            httpx.post(f"{url}/script", json={"fail": {"status": 503}, "times": 1, "markers": ["nurse"]})
            statuses = [httpx.post(f"{url}/v2/embed", json=ASKED, headers=KEY).status_code for _ in range(2)]
            httpx.post(f"{url}/script", json={"heal": True})
            statuses.append(httpx.post(f"{url}/v2/embed", json=ASKED, headers=KEY).status_code)
        finally:
            process.terminate()

    assert statuses == [503, 400, 200]

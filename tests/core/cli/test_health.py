"""`vigia health` tells a container in one line and by its exit code how the ops server is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from core.stack.net import free_port
from tests.core.cli.conftest import Vigia
from worker.ops_server import OpsServer

Env = Callable[..., Settings]
Ops = Callable[..., int]


@pytest.fixture
def ops(settings_env: Env) -> Iterator[Ops]:
    """Serve the state of this test's engines from here, with some settings of its own; give the port."""
    servers: list[OpsServer] = []

    def start(**settings: object) -> int:
        server = OpsServer(settings_env(OPS_PORT=0, **settings))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_all_is_well_in_one_line(vigia: Vigia, ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_PORT", str(ops()))
    assert vigia("health") == (0, "ready: db ok, redis ok, qdrant ok, embedder ok\n", "")
    assert vigia("health", "--live") == (0, "ok\n", "")


def test_it_names_what_is_away_and_still_calls_it_alive(
    vigia: Vigia, ops: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_PORT", str(ops(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")))
    assert vigia("health")[:2] == (1, "not ready: db ok, redis ConnectionError, qdrant ok, embedder ok\n")
    assert vigia("health", "--live").code == 0


def test_a_server_on_every_address_is_asked_on_this_machine(
    vigia: Vigia, ops: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_PORT", str(ops()))
    monkeypatch.setenv("OPS_HOST", "0.0.0.0")
    assert vigia("health").code == 0


def test_the_stack_of_a_home_is_found_by_its_file(vigia: Vigia, ops: Ops, tmp_path: Path, settings_env: Env) -> None:
    port = ops()
    settings_env(OPS_PORT=free_port())
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "stack.json").write_text(json.dumps({"ops_url": f"http://127.0.0.1:{port}"}))
    assert vigia("health").code == 0


@pytest.mark.parametrize("option", [(), ("--live",)])
def test_without_an_ops_server_it_is_ill_and_says_what_to_do(
    vigia: Vigia, settings_env: Env, option: tuple[str, ...]
) -> None:
    settings_env(OPS_PORT=free_port())
    ill = vigia("health", *option)
    assert (ill.code, ill.out, ill.err.count("\n")) == (1, "", 1)
    assert "does not answer" in ill.err
    assert "vigia up" in ill.err

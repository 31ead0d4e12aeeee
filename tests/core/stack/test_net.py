"""Ports that are free are found, and those that are taken are not taken for free."""

from __future__ import annotations

import socket

from core.stack import net


def test_a_port_that_is_found_can_be_used_and_is_then_taken() -> None:
    port = net.free_port()
    assert port in range(*net.OUR_PORTS)
    with socket.create_server(("127.0.0.1", port)):
        assert not net.is_free(port)
    assert net.is_free(port)


def test_who_answers_with_anything_but_200_does_not_serve(qdrant_url: str) -> None:
    port = int(qdrant_url.rpartition(":")[2])
    assert net.serves("/readyz", port)
    assert not net.serves("/nowhere", port)
    assert not net.serves("/readyz", net.free_port())

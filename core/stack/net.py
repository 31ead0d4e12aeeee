"""Ports of this machine."""

from __future__ import annotations

import random
import socket
from http.client import HTTPConnection, HTTPException

OPS_PORT = 8001  # of the ops server, where nobody says otherwise
OUR_PORTS = (20000, 32000)  # below those that Linux gives to connections that go out


def free_port(host: str = "127.0.0.1") -> int:
    """Find a port nobody listens on; somebody may still take it before it is used.

    Not one that the system would give: it gives the same ones to every connection that goes out, at any moment.
    """
    for _ in range(100):
        port = random.randrange(*OUR_PORTS)
        if is_free(port, host):
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether we could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def reachable(host: str) -> str:
    """Where we ask a server that listens on every address."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104  (compared, not bound)


def serves(path: str, port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a GET is answered with 200; cheap enough to ask many times a second."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

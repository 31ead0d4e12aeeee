"""Ports of this machine."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException

OPS_PORT = 8001  # of the ops server, where nobody says otherwise


def free_port(host: str = "127.0.0.1") -> int:
    """Ask the system for a port nobody listens on; somebody may still take it before it is used."""
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

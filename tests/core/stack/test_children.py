"""A child serves, stops, and never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.stack.children import Child, Program, shimmed
from core.stack.errors import StartFailed
from core.stack.guard import members

Start = Callable[..., Child]


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for a condition; say whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    """Say whether a process has ended; one that waits for its parent to notice has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a line of shell as a child; all of them end with the test."""
    children: list[Child] = []

    def make(script: str, **options: object) -> Child:
        given = {"name": "sh", "log": tmp_path / "sh.log", "grace": 5.0, **options}
        child = Child(Program(command=["/bin/sh", "-c", script], **given))  # type: ignore[arg-type]
        children.append(child)
        child.start()
        return child

    yield make
    for child in children:
        child.send(signal.SIGKILL)
        child.wait_stopped()


def test_a_child_that_dies_at_once_is_told_with_the_end_of_its_log(start: Start) -> None:
    child = start("echo it cannot work; exit 7", name="portal", ready=lambda pid: False)
    with pytest.raises(StartFailed) as failed:
        child.wait_ready()
    assert failed.value.part == "portal"
    assert "ended with code 7" in str(failed.value)
    assert "it cannot work" in str(failed.value)


def test_a_child_that_never_serves_is_given_up(start: Start) -> None:
    child = start("sleep 60", ready=lambda pid: False, patience=0.1)
    with pytest.raises(StartFailed, match="not ready"):
        child.wait_ready()


def test_a_child_is_waited_for_until_it_serves(start: Start, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    start(f"touch {mark}; sleep 60", ready=lambda pid: mark.exists()).wait_ready()
    assert mark.exists()


def test_a_child_that_does_not_stop_is_killed_with_all_it_started(start: Start, tmp_path: Path) -> None:
    child = start(f"trap '' TERM; sleep 60 & touch {tmp_path}/trapped; wait; sleep 60")
    assert until(lambda: (tmp_path / "trapped").exists() and len(members(child.pid)) == 2)
    child.ask_to_stop()
    child.wait_stopped(0.1)
    assert child.returncode == -signal.SIGKILL
    assert until(lambda: members(child.pid) == [])


def test_what_a_dead_child_left_behind_is_killed_before_the_next_start(start: Start) -> None:
    child = start("sleep 61 & sleep 60")
    first = child.pid
    assert until(lambda: len(members(first)) == 3)
    child.send(signal.SIGKILL)
    assert until(lambda: not child.alive)
    child.start()
    assert until(lambda: members(first) == [])
    assert child.pid != first


def test_a_child_dies_when_its_parent_is_killed() -> None:
    script = (
        "import sys, time; from pathlib import Path; from core.stack.children import Child, Program\n"
        "child = Child(Program(name='x', command=['/bin/sleep', '60'], log=None)); child.start()\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
    parent.kill()
    parent.communicate()
    assert until(lambda: gone(pid))


def test_a_parent_that_died_first_leaves_no_child() -> None:
    command = shimmed(["/bin/echo", "alive"])
    command[command.index(str(os.getpid()))] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes its user")
def test_root_runs_a_program_as_another_user_or_in_a_namespace() -> None:
    ids = subprocess.run(shimmed(["/usr/bin/id", "-u"], "65534:65534"), capture_output=True, text=True, check=True)
    assert ids.stdout == "65534\n"
    inside = subprocess.run(shimmed(["/usr/bin/id", "-u"], "namespace"), capture_output=True, text=True, check=False)
    assert inside.stdout in ("65534\n", "")  # a machine may forbid namespaces

"""The supervisor keeps programs alive, stops them in order, and leaves nothing when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.stack import supervisor as module
from core.stack.children import Program
from core.stack.errors import StartFailed
from core.stack.guard import Guard, members
from core.stack.supervisor import Supervisor
from tests.core.stack.test_children import gone, until


class Kept:
    """A supervisor and what it said."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.changes = 0
        self.guard = Guard()
        self.supervisor = Supervisor(self.guard, self.told.append, self._count)

    def _count(self) -> None:
        self.changes += 1

    def look_until_changed(self) -> bool:
        def looked() -> bool:
            self.supervisor.look()
            return self.changes > 0

        return until(looked)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    one = Kept()
    yield one
    one.supervisor.stop()
    one.guard.dismiss()


def shell(name: str, script: str, log: Path, rank: int = 0) -> Program:
    return Program(name=name, command=["/bin/sh", "-c", script], log=log / f"{name}.log", rank=rank, grace=5.0)


def test_a_dead_program_is_started_again_and_told(kept: Kept, tmp_path: Path) -> None:
    kept.supervisor.start([shell("one", "exec sleep 60", tmp_path)])
    kept.supervisor.wait_ready()
    first = kept.supervisor.pid("one")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert kept.look_until_changed()
    assert kept.supervisor.pid("one") not in (first, None)
    assert kept.told[0].startswith("one was ended by SIGKILL; starting it again in")


def test_one_that_dies_again_and_again_is_started_ever_later(kept: Kept, tmp_path: Path) -> None:
    kept.supervisor.start([shell("one", "exit 3", tmp_path)])

    def died_thrice() -> bool:
        kept.supervisor.look()
        return len(kept.told) >= 3

    assert until(died_thrice)
    pauses = [float(sentence.split(" in ")[1].split(" s")[0]) for sentence in kept.told[:3]]
    assert pauses == sorted(set(pauses))
    assert "ended with code 3" in kept.told[0]


def test_programs_stop_by_rank_the_highest_first(kept: Kept, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = "trap 'echo {name} >> {order}; exit 0' TERM; touch {ready}; while :; do sleep 0.02; done"
    names = {"engine": 0, "worker": 4, "portal": 5}
    kept.supervisor.start(
        shell(name, script.format(name=name, order=order, ready=tmp_path / name), tmp_path, rank)
        for name, rank in names.items()
    )
    assert until(lambda: all((tmp_path / name).exists() for name in names))
    kept.supervisor.stop()
    assert order.read_text().split() == ["portal", "worker", "engine"]


def test_each_is_named_when_it_is_ready_and_a_failed_one_raises(kept: Kept, tmp_path: Path) -> None:
    ready: list[str] = []
    late = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exit 1"
    kept.supervisor.start(
        [shell("early", late, tmp_path), shell("good", f"touch {tmp_path}/go; exec sleep 60", tmp_path)]
    )
    early = kept.supervisor.pid("early")
    assert early is not None

    def note(name: str) -> None:
        ready.append(name)
        assert until(lambda: name == "early" or gone(early))

    with pytest.raises(StartFailed, match="early did not start: it ended with code 1"):
        kept.supervisor.wait_ready(note)
    assert ready == ["early", "good"]


def test_a_long_log_is_set_aside_while_its_writer_goes_on(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROTATE_SECONDS", 0.0)
    monkeypatch.setattr("core.stack.rotation.MOST_BYTES", 1000)
    kept.supervisor.start([shell("one", "while :; do echo 0123456789; sleep 0.001; done", tmp_path)])

    def rotated_twice() -> bool:
        kept.supervisor.look()
        return (tmp_path / "one.log.2").exists()

    assert until(rotated_twice)
    assert (tmp_path / "one.log.1").read_text().startswith("0123456789\n")


def test_a_killed_supervisor_leaves_nothing_not_even_grandchildren(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from core.stack.guard import Guard; from core.stack.supervisor import Supervisor\n"
        "from core.stack.children import Program\n"
        "keeper = Supervisor(Guard(), print)\n"
        "keeper.start([Program(name='a', command=['/bin/sh', '-c', 'sleep 60 & sleep 61'], log=None)])\n"
        "print(keeper.pid('a'), flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    session = int(parent.stdout.readline())
    assert until(lambda: len(members(session)) == 3)
    family = members(session)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: all(gone(pid) for pid in family))

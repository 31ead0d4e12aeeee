"""A home has one holder and keeps its secrets."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Refused
from core.stack.home import Home, read_json, write_json

HOLD = (
    "import sys; from pathlib import Path; from core.stack.home import Home\n"
    "home = Home(Path(sys.argv[1])); home.make()\n"
    "with home.locked():\n"
    "    print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    before = os.umask(0o022)
    home.make()
    os.umask(before)
    return home


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_home_is_for_its_owner_alone(home: Home) -> None:
    assert mode(home.path) == "0o700"
    assert {path.name for path in home.path.iterdir()} == {"intake", "logs"}


def test_a_secret_is_made_once_and_kept_out_of_sight(home: Home) -> None:
    made = home.secret("redis_password")
    assert Home(home.path).secret("redis_password") == made
    assert home.secret("secret_key") != made
    assert mode(home.path / "secrets.json") == "0o600"
    assert home.kept_secret("nobody") is None


def test_a_second_holder_is_refused_with_the_cure(home: Home) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Refused, match=f"process {holder.pid}.*vigia down --home {home.path}"), home.locked():
        pass
    assert home.holder() == holder.pid
    holder.communicate("")
    assert home.holder() is None
    with home.locked():
        assert home.holder() == os.getpid()


def test_a_file_is_replaced_whole(home: Home) -> None:
    write_json(home.stack_file, {"a": 1})
    before = home.stack_file.stat().st_ino
    write_json(home.stack_file, {"a": 2})
    assert read_json(home.stack_file) == {"a": 2}
    assert home.stack_file.stat().st_ino != before
    assert mode(home.stack_file) == "0o600"
    assert [path.name for path in home.path.glob(".*")] == []

"""Who polls is read for all at once, and nobody waits for that."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from webapp import readers
from webapp.readers import Readers, SignedIn

ANA, BEA = (SignedIn(n, name, "viewer", None, None) for n, name in enumerate(("Ana", "Bea")))


class Asked:
    """Answers that these still stand, and counts."""

    def __init__(self, *standing: str) -> None:
        self.standing = standing
        self.times = 0

    def __call__(self, sessions: Mapping[str, tuple[int, int]]) -> dict[str, SignedIn]:
        self.times += 1
        people = {"ana": ANA, "bea": BEA}
        return {sid: people[sid] for sid in sessions if sid in self.standing}


@pytest.fixture
def known() -> Readers:
    known = Readers()
    known.remember("ana", ANA, epoch=0)
    known.remember("bea", BEA, epoch=0)
    return known


def test_who_was_just_read_is_believed(known: Readers) -> None:
    ask = Asked()

    assert (known.get("ana", ask), ask.times) == (ANA, 0)


def test_a_stranger_is_not(known: Readers) -> None:
    assert known.get("eve", Asked("eve")) is None
    assert known.believed("eve") is None


def test_one_asks_for_all(known: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asked("ana", "bea")
    monkeypatch.setattr(readers, "BELIEVED_SECONDS", -1)
    known.get("ana", ask)
    monkeypatch.undo()

    assert (known.get("ana", ask), known.get("bea", ask), ask.times) == (ANA, BEA, 1)


def test_who_stands_no_more_is_gone(known: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BELIEVED_SECONDS", -1)

    assert known.get("ana", Asked("ana")) == ANA
    assert known.get("bea", Asked("ana")) is None
    assert not known.sessions_of(BEA.id)


def test_while_one_reads_the_others_are_believed_a_little_longer(
    known: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BELIEVED_SECONDS", -1)
    seen: list[SignedIn | None] = []

    def slow(sessions: Mapping[str, tuple[int, int]]) -> dict[str, SignedIn]:
        seen.append(known.get("bea", Asked()))
        return {"ana": ANA, "bea": BEA}

    known.get("ana", slow)

    assert seen == [BEA]


def test_pages_that_are_closed_are_forgotten(known: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BELIEVED_SECONDS", -1)
    monkeypatch.setattr(readers, "KEPT_SECONDS", -1)

    known.get("ana", Asked("ana", "bea"))

    assert not known.sessions_of(BEA.id)

"""One person's point: whether it is there, who is near, and whether a search finds them."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from core import embedding_cache, point
from core.errors import GiveUp, TryAgain, Unavailable
from core.models import Candidate
from core.pipeline.plan import point_id
from core.ports import Collection
from tests.core.jobs.conftest import House, house
from tests.factories import people

__all__ = ["house"]


@pytest.fixture
def indexed(house: House) -> list[int]:
    with house.sessions.begin() as session:
        ids = list(people(session, 12))
    house.run(house.launch().job_id)
    return ids


def collection(house: House) -> Collection:
    assert house.index.collection is not None
    return house.index.collection


def test_a_point_is_read_whole_with_its_rank_and_who_is_near(house: House, indexed: list[int]) -> None:
    calls = len(house.embedder.calls)
    text = point.text_now(indexed[0], collection(house), house)
    seen = point.look(indexed[0], collection(house), text, house)

    assert seen.there and seen.size == 8 and len(seen.numbers) == 3
    assert seen.payload["record_id"] == indexed[0]
    assert seen.own == point.Rank(1, pytest.approx(1), 12)
    assert len(seen.nearest) == 5 and indexed[0] not in [near.id for near in seen.nearest]
    assert len(house.embedder.calls) == calls


def test_a_vector_that_was_kept_is_read_once(house: House, indexed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    read, asked = embedding_cache.find, []
    monkeypatch.setattr(embedding_cache, "find", lambda *given: asked.append(given) or read(*given))
    text = point.text_now(indexed[0], collection(house), house)
    assert point.look(indexed[0], collection(house), text, house).own == point.Rank(1, pytest.approx(1), 12)
    assert len(asked) == 1


def test_who_has_no_point_has_no_rank(house: House, indexed: list[int]) -> None:
    house.index.delete(collection(house).name, [point_id(indexed[0])])
    seen = point.look(indexed[0], collection(house), None, house)
    assert (seen.there, seen.size, seen.own, seen.nearest) == (False, 0, None, ())


def test_a_lost_point_of_a_text_that_was_paid_for_is_not_among_those_found(house: House, indexed: list[int]) -> None:
    house.index.delete(collection(house).name, [point_id(indexed[0])])
    text = point.text_now(indexed[0], collection(house), house)
    assert point.look(indexed[0], collection(house), text, house).own == point.Rank(None, None, 11)


def test_the_text_is_told_by_length_and_hash(house: House, indexed: list[int]) -> None:
    text = point.text_now(indexed[0], collection(house), house)
    assert text is not None and text.kept and text.content_hash is not None and text.characters > 10
    with house.sessions.begin() as session:
        session.get_one(Candidate, indexed[0]).summary = "Something else."
    changed = point.text_now(indexed[0], collection(house), house)
    assert changed is not None and not changed.kept and changed.content_hash != text.content_hash
    assert point.text_now(2**40, collection(house), house) is None


def test_a_question_is_embedded_to_rank_by_it(house: House, indexed: list[int]) -> None:
    rank = point.rank_of(indexed[0], "Ingeniera de datos", collection(house), house)
    assert rank.rank is not None and rank.among == 12
    assert house.embedder.texts[-1] == "Ingeniera de datos"
    assert point.free_to_ask(house) is not house.embedder.priced


def test_a_refused_question_is_told(house: House, indexed: list[int]) -> None:
    with pytest.raises(Unavailable, match="cannot be asked"):
        point.rank_of(indexed[0], "REFUSE", collection(house), house)


@pytest.mark.parametrize("error", [TryAgain("Qdrant does not answer"), GiveUp("the collection is not there")])
def test_an_index_that_is_away_is_told(
    house: House, indexed: list[int], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr(house.index, "inspect", away)
    with pytest.raises(Unavailable, match=str(error)):
        point.look(indexed[0], collection(house), None, house)


def test_a_point_says_whose_it_is(house: House, indexed: list[int]) -> None:
    assert point.whose(point_id(indexed[3]), collection(house), house) == indexed[3]
    assert point.whose(uuid.UUID(int=1), collection(house), house) is None
    house.index.points[collection(house).name][uuid.UUID(int=1)] = (np.ones(8, np.float32), {})
    assert point.whose(uuid.UUID(int=1), collection(house), house) is None

"""The search: from a question to people who may be shown now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from core import candidates
from core.adapters.qdrant_index import QdrantIndex
from core.db import engine_for, sessions_for
from core.errors import BadBatch, GiveUp, Invalid, TryAgain, Unavailable
from core.models import Candidate, Spend
from core.models.money import NOBODY
from core.pipeline.plan import facts_of, microseconds, point_id
from core.pipeline.text import text_of
from core.ports import Collection, Embedded, Hit, Purpose, RecordFilter, Upsert, VectorIndex, Work
from core.search import search
from core.settings import Settings
from tests import factories
from tests.fakes import FakeEmbedder, FakeIndex, vector_of


@dataclass
class AskedEmbedder(FakeEmbedder):
    """Remembers how it was asked."""

    manners: list[tuple[Purpose, bool]] = field(default_factory=list)

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document", urgent: bool = False, work: Work | None = None
    ) -> Embedded:
        self.manners.append((purpose, urgent))
        return super().embed(texts, purpose=purpose, urgent=urgent, work=work)


@dataclass
class MovingIndex(FakeIndex):
    """Its first search finds the collection gone; the alias names `moved_to` from then on."""

    moved_to: Collection | None = None
    asked: list[str] = field(default_factory=list)

    def search(self, collection: str, vector: NDArray[np.float32], limit: int, where: RecordFilter) -> list[Hit]:
        self.asked.append(collection)
        if len(self.asked) == 1:
            self.collection = self.moved_to
            raise GiveUp("the collection is not there", code="collection_missing")
        return super().search(collection, vector, limit, where)


@dataclass
class Tools:
    sessions: sessionmaker[Session]
    index: VectorIndex
    embedder: FakeEmbedder = field(default_factory=AskedEmbedder)
    settings: Settings = field(
        default_factory=lambda: Settings(
            _env_file=None,  # type: ignore[call-arg]
            database_url="postgresql://x",
            redis_url="redis://x",
            qdrant_url="http://x",
            secret_key="only-for-tests-0123",
        )
    )

    def index_all(self, ids: Sequence[int]) -> Collection:
        """Put people into the index the way the pipeline does."""
        collection = self.index.ensure("candidates", self.embedder.model, self.embedder.dimension)
        with self.sessions() as session:
            rows = candidates.read(session, ids)
        self.index.write(
            collection.name,
            [
                Upsert(
                    point_id(row.id),
                    vector_of(text_of(row).text),
                    facts_of(row) | {"record_id": row.id, "version": microseconds(row.updated_at)},
                    microseconds(row.updated_at),
                )
                for row in rows.values()
            ],
        )
        return collection

    def text(self, record_id: int) -> str:
        with self.sessions() as session:
            return text_of(candidates.read(session, [record_id])[record_id]).text


@pytest.fixture
def sessions(database: str) -> Iterator[sessionmaker[Session]]:
    engine = engine_for(database)
    yield sessions_for(engine)
    engine.dispose()


@pytest.fixture
def tools(sessions: sessionmaker[Session]) -> Tools:
    return Tools(sessions, FakeIndex())


def add(tools: Tools, count: int, **values: Any) -> list[int]:
    with tools.sessions.begin() as session:
        ids = list(factories.people(session, count, **values))
    tools.index_all(ids)
    return ids


def test_the_person_whose_text_was_asked_for_comes_first(tools: Tools) -> None:
    ids = add(tools, 5, summary=None)
    answer = search(tools.text(ids[3]), limit=2, tools=tools)
    assert answer.items[0].id == ids[3]
    assert len(answer.items) == 2
    assert answer.items[0].score == pytest.approx(1)
    assert answer.items[0].score >= answer.items[1].score
    assert answer.model == "fake"
    assert answer.took_ms > 0


def test_a_found_person_is_shown_as_postgresql_knows_them_now(tools: Tools) -> None:
    (one,) = add(tools, 1)
    with tools.sessions.begin() as session:
        session.execute(update(Candidate).values(headline="New headline", summary="Repairs clocks. Likes gears."))
    (found,) = search("who repairs clocks", tools=tools).items
    assert (found.id, found.headline, found.passage) == (one, "New headline", "Repairs clocks. Likes gears.")
    assert found.full_name.startswith("Persona")
    assert found.external_id.startswith("person-")


def test_a_question_is_embedded_as_a_question_and_at_once(tools: Tools) -> None:
    add(tools, 1)
    search("  ingeniera\tde  datos\n", tools=tools)
    assert isinstance(tools.embedder, AskedEmbedder)
    assert tools.embedder.manners == [("query", True)]
    assert tools.embedder.texts == ["ingeniera de datos"]


def test_what_searches_cost_is_booked_under_nobody_s_name_and_what_is_free_is_not(tools: Tools) -> None:
    add(tools, 1)
    for priced in (True, True, False):
        tools.embedder.priced = priced
        search("who repairs clocks", tools=tools)

    with tools.sessions() as session:
        (spent,) = session.scalars(select(Spend))
    assert (spent.job_id, spent.model, spent.calls, spent.inputs, spent.tokens) == (NOBODY, "fake", 2, 2, 2)


@pytest.mark.parametrize(
    ("values", "gone"),
    [({"opted_out": True}, False), ({"headline": "", "summary": None}, False), ({}, True)],
)
def test_who_left_since_the_last_sync_is_never_shown(tools: Tools, values: dict[str, Any], gone: bool) -> None:
    ids = add(tools, 30)
    leaving = Candidate.id.in_(ids[:25])
    with tools.sessions.begin() as session:
        session.execute(delete(Candidate).where(leaving) if gone else update(Candidate).where(leaving).values(**values))
    answer = search("anybody", limit=5, tools=tools)
    assert {found.id for found in answer.items} == set(ids[25:])  # however many had to be looked behind


def test_a_point_without_a_person_is_passed_over(tools: Tools) -> None:
    (one,) = add(tools, 1)
    assert isinstance(tools.index, FakeIndex)
    (place,) = tools.index.points.values()
    place[point_id(999)] = (vector_of("x"), {"record_id": "not a number", "version": 1})
    place[point_id(998)] = (vector_of("x"), {"version": 1})
    place[point_id(997)] = (vector_of("x"), {"record_id": 123456789, "version": 1})
    assert [found.id for found in search("x", tools=tools).items] == [one]


@pytest.mark.parametrize("question", ["", "   ", "\x00\x1b", "x" * 1001])
def test_a_question_that_cannot_be_asked_is_named(tools: Tools, question: str) -> None:
    with pytest.raises(Invalid) as caught:
        search(question, tools=tools)
    assert "q" in caught.value.errors
    assert tools.embedder.texts == []


def test_a_question_of_a_thousand_characters_can_be_asked(tools: Tools) -> None:
    add(tools, 1)
    assert len(search("ñ" * 1000, tools=tools).items) == 1


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_a_limit_out_of_range_is_named(tools: Tools, limit: int) -> None:
    with pytest.raises(Invalid) as caught:
        search("x", limit=limit, tools=tools)
    assert "limit" in caught.value.errors


def test_a_question_that_the_model_refuses_is_the_askers_fault(tools: Tools) -> None:
    add(tools, 1)
    with pytest.raises(Invalid, match="cannot be asked"):
        search("REFUSE", tools=tools)


def test_nothing_indexed_yet_is_said_with_the_cure(tools: Tools) -> None:
    with pytest.raises(Unavailable, match="launch a sync"):
        search("x", tools=tools)


def test_an_index_of_another_model_is_not_searched(tools: Tools) -> None:
    tools.index.ensure("candidates", "another", 8)
    with pytest.raises(Unavailable, match="EMBED_MODEL"):
        search("x", tools=tools)
    assert tools.embedder.texts == []


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(TryAgain("Cohere asks to wait", after=7.2), 8), (TryAgain("down"), 5), (GiveUp("the key is refused"), 60)],
)
def test_a_provider_that_cannot_answer_makes_the_search_unavailable(
    tools: Tools, error: Exception, seconds: int
) -> None:
    add(tools, 1)

    def fail(texts: Sequence[str]) -> None:
        raise error

    tools.embedder.before = fail
    with pytest.raises(Unavailable, match=str(error)) as caught:
        search("x", tools=tools)
    assert caught.value.retry_after == seconds


def test_a_collection_that_goes_away_meanwhile_is_asked_under_its_new_name(sessions: sessionmaker[Session]) -> None:
    index = MovingIndex()
    tools = Tools(sessions, index)
    (one,) = add(tools, 1)
    old = index.collection
    assert old is not None
    index.moved_to = Collection("moved", old.model, old.dimension)
    index.points["moved"] = index.points[old.name]
    assert [found.id for found in search("x", tools=tools).items] == [one]
    assert index.asked == [old.name, "moved"]


def test_a_collection_that_is_gone_for_good_is_said(sessions: sessionmaker[Session]) -> None:
    index = MovingIndex()
    tools = Tools(sessions, index)
    add(tools, 1)
    with pytest.raises(Unavailable, match="launch a sync"):
        search("x", tools=tools)


def test_a_database_that_does_not_answer_makes_the_search_unavailable(tools: Tools) -> None:
    add(tools, 1)
    broken = engine_for("postgresql://vigia@127.0.0.1:1/vigia")
    tools.sessions = sessions_for(broken)
    with pytest.raises(Unavailable, match="PostgreSQL"):
        search("x", tools=tools)
    broken.dispose()


def test_a_real_index_is_searched_by_meaning_and_by_filter(sessions: sessionmaker[Session], qdrant: str) -> None:
    index = QdrantIndex(qdrant)
    tools = Tools(sessions, index)
    values = {"location": lambda n: "Lugo" if n % 3 == 0 else "Bilbao", "years_experience": lambda n: n % 4}
    ids = add(tools, 12, summary=None, **values)
    with sessions() as session:
        rows = candidates.read(session, ids)
    wanted = {row.id for row in rows.values() if row.location == "Lugo" and (row.years_experience or 0) >= 2}
    answer = search("x", where=RecordFilter(location="Lugo", min_years=2), tools=tools)
    assert {found.id for found in answer.items} == wanted
    best = search(tools.text(ids[5]), limit=1, tools=tools)
    assert [found.id for found in best.items] == [ids[5]]
    index.close()


def test_a_refused_question_says_why(tools: Tools) -> None:
    add(tools, 1)

    def refuse(texts: Sequence[str]) -> None:
        raise BadBatch("the model finds nothing in the text")

    tools.embedder.before = refuse
    with pytest.raises(Invalid, match="finds nothing"):
        search("!!!", tools=tools)

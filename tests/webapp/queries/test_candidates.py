"""Candidates with their place in the index."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func
from sqlalchemy.orm import Session

from core.coverage import CoverageView
from core.errors import NotFound
from core.models import Candidate
from core.ports import RecordFilter
from tests.webapp.factories import START, make_candidate, make_failure, make_job, make_place
from webapp.queries import candidates, chosen
from webapp.queries.candidates import CandidateFilter

SEEN = CoverageView(0, 0, 0, 0, 0, 0, points=0, collection="c1", model="local", dimension=512, checked_at=START)


@pytest.fixture
def one_of_each(session: Session) -> dict[str, Candidate]:
    made = {state: make_candidate(session, full_name=state) for state in candidates.STATES}
    for state in ("indexed", "orphaned", "failed"):
        make_place(session, made[state])
    session.refresh(made["stale"])
    make_place(session, made["stale"], source_version=made["stale"].updated_at - timedelta(microseconds=1))
    make_failure(session, make_job(session), made["failed"].id)
    made["orphaned"].opted_out = True
    made["not_eligible"].deleted_at = func.now()
    session.flush()
    return made


def names(session: Session, where: CandidateFilter, coverage: CoverageView | None = SEEN) -> list[str]:
    return [row.full_name for row in candidates.find_page(session, where, coverage).items]


def test_each_candidate_has_exactly_one_state(session: Session, one_of_each: dict[str, Candidate]) -> None:
    page = candidates.find_page(session, CandidateFilter(), SEEN)
    assert [(row.full_name, row.state) for row in page.items] == [(s, s) for s in reversed(candidates.STATES)]


@pytest.mark.parametrize("state", candidates.STATES)
def test_a_bucket_lists_its_own_only(session: Session, one_of_each: dict[str, Candidate], state: str) -> None:
    assert names(session, CandidateFilter(state=state)) == [state]
    assert candidates.find_page(session, CandidateFilter(state=state), SEEN).total == 1


def test_all_who_should_be_found_have_a_list_of_their_own(session: Session, one_of_each: dict[str, Candidate]) -> None:
    found = names(session, CandidateFilter(state="eligible"))
    assert sorted(found) == ["failed", "indexed", "missing", "stale"]


def test_without_a_collection_everybody_eligible_is_missing(
    session: Session, one_of_each: dict[str, Candidate]
) -> None:
    found = candidates.find_page(session, CandidateFilter(), None).items
    assert {row.state for row in found} == {"missing", "not_eligible"}


@pytest.mark.parametrize("other", [{"model": "older"}, {"dimension": 256}])
def test_a_point_of_another_model_or_size_is_stale_and_has_a_list_of_its_own(
    session: Session, other: dict[str, object]
) -> None:
    candidate = make_candidate(session)
    make_place(session, candidate, **other)
    assert candidates.show(session, candidate.id, SEEN).state == "stale"
    for state in ("stale", "other_model"):
        assert names(session, CandidateFilter(state=state)) == [candidate.full_name]
    assert candidates.find_page(session, CandidateFilter(), SEEN).items[0].why == "other_model"


def test_each_candidate_says_why_and_since_when(session: Session, one_of_each: dict[str, Candidate]) -> None:
    rows = {row.state: row for row in candidates.find_page(session, CandidateFilter(), SEEN).items}
    why = {state: row.why for state, row in rows.items()}
    assert why == {
        "indexed": None,
        "missing": "never",
        "stale": "changed",
        "failed": "text_refused",
        "orphaned": "opted_out",
        "not_eligible": "deleted",
    }
    assert rows["stale"].since == one_of_each["stale"].updated_at
    assert all(row.since is not None for row in rows.values())


def test_a_list_is_given_whole_for_a_file_and_for_an_act(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "BATCH", 2)
    made = [make_candidate(session).id for _ in range(5)]
    session.commit()
    where = CandidateFilter(state="missing")
    assert [row.id for row in candidates.each(session, where, SEEN, 10)] == made[::-1]
    assert [row.id for row in candidates.each(session, where, SEEN, 3)] == made[:1:-1]
    assert list(candidates.ids(session, where, SEEN, 2)) == made[:2:-1]


def test_a_record_filter_narrows_the_list(session: Session) -> None:
    make_candidate(session, full_name="found", location="Bilbao", skills=["dbt", "sql"], years_experience=5)
    make_candidate(session, location="Bilbao", skills=["sql"])
    where = RecordFilter(location="bilbao", skills=("dbt",), min_years=5)
    assert names(session, CandidateFilter(where=where)) == ["found"]


def test_a_closed_failure_is_no_failure(session: Session) -> None:
    candidate = make_candidate(session)
    make_failure(session, make_job(session), candidate.id, status="discarded")
    assert candidates.show(session, candidate.id, SEEN).state == "missing"


@pytest.mark.parametrize("words", ["fernánd", "MARÍA FER", "ATS-77", "fernández maría", "núñez-fer"])
def test_a_person_is_found_by_the_start_of_a_name_or_external_id(session: Session, words: str) -> None:
    make_candidate(session, full_name="María Núñez-Fernández", external_id="ATS-770001")
    make_candidate(session, full_name="Ana Maríalva", external_id="X-ATS-77")
    assert names(session, CandidateFilter(text=words)) == ["María Núñez-Fernández"]


def test_many_of_a_name_are_found_as_few_are(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "FEW", 1)
    made = [make_candidate(session, full_name=f"Eva Ruiz {n}").full_name for n in range(3)]
    make_candidate(session, full_name="Ana")
    assert names(session, CandidateFilter(text="ruiz")) == made[::-1]


def test_a_person_is_found_by_our_id(session: Session) -> None:
    candidate = make_candidate(session, full_name="Wanted")
    make_candidate(session, full_name="Another")  # the usual names hold a number, which may be that id
    assert names(session, CandidateFilter(text=str(candidate.id))) == [candidate.full_name]


@pytest.mark.parametrize("words", ["%", "_", "'", "²", "9" * 30, "a & b", "!:*", "<->", "\ud800z"])
def test_hostile_search_words_find_nobody(session: Session, words: str) -> None:
    make_candidate(session, full_name="Plain Person")
    assert names(session, CandidateFilter(text=words)) == []


def test_pages_give_everybody_once(session: Session) -> None:
    made = [make_candidate(session).id for _ in range(5)]
    first = candidates.find_page(session, CandidateFilter(), None, limit=3)
    second = candidates.find_page(session, CandidateFilter(), None, first.next, limit=3)
    assert [row.id for row in (*first.items, *second.items)] == made[::-1]
    assert (first.total, second.next) == (5, None)


def test_a_candidate_shows_its_index_history(session: Session) -> None:
    candidate, job = make_candidate(session, created_at=START), make_job(session)
    make_place(session, candidate, job_id=job.id)
    make_failure(session, job, candidate.id, status="resolved", closed_at=func.now(), closed_by=str(job.id))
    detail = candidates.show(session, candidate.id, SEEN)
    assert detail.state == "indexed"
    assert sorted(line.what for line in detail.history) == ["changed", "created", "failed", "indexed", "resolved"]
    assert list(detail.history) == sorted(detail.history, key=lambda line: line.at, reverse=True)
    assert detail.places[0].model == "local"


@pytest.mark.parametrize("candidate_id", [0, -1, 999_999, 2**63, 10**40])
def test_nobody_is_not_found(session: Session, candidate_id: int) -> None:
    with pytest.raises(NotFound):
        candidates.show(session, candidate_id, None)


def test_unknown_ids_are_named_in_their_order(session: Session) -> None:
    known = make_candidate(session).id
    assert candidates.unknown(session, [10**12, known, 10**11]) == [10**12, 10**11]


def test_a_new_row_does_not_count_as_changed(session: Session) -> None:
    detail = candidates.show(session, make_candidate(session).id, None)
    assert [line.what for line in detail.history] == ["created"]

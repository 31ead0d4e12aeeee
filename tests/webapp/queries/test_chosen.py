"""Lists of candidates at a size where PostgreSQL has a choice: who is listed, and what is not read for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ScalarSelect, event, select, text, update
from sqlalchemy.orm import Session

from core import coverage
from core.coverage import RANGE, CoverageView
from core.models import Candidate, IndexState
from core.ports import Collection, RecordFilter
from webapp.queries import candidates
from webapp.queries.candidates import CandidateFilter

PEOPLE = 20_000
MISSING, STALE = {17, 18, 15_003}, {40, 41, 12_002}
FILL = """
    INSERT INTO candidates (external_id, full_name, headline, skills, languages, location, years_experience, opted_out)
    SELECT 'ATS-' || n, 'Ana Ruiz ' || CASE WHEN n % 5000 = 9 THEN 'Zulema' ELSE '' END, repeat('Nurse ', 100),
           ARRAY[CASE WHEN n % 5000 = 7 THEN 'Falconry' ELSE 'SQL' END], ARRAY['es'],
           CASE WHEN n % 5000 = 8 THEN 'Teruel' ELSE 'Madrid' END, n % 40, n % 1000 = 5
    FROM generate_series(1, :people) n;
    INSERT INTO index_state (record_kind, collection, record_id, content_hash, payload_hash, model, dimension,
                             source_version)
    SELECT 'candidate', 'c1', id, '', '', 'local', 512,
           updated_at - CASE WHEN id = ANY(:stale) THEN interval '1 s' ELSE interval '0' END
    FROM candidates WHERE id <> ALL(:missing) AND id % 2000 <> 5
"""


@pytest.fixture
def crowd(session: Session) -> CoverageView:
    """Fill the tables and compare; a few people of each state are far apart."""
    for statement in FILL.split(";"):
        session.execute(text(statement), {"people": PEOPLE, "missing": list(MISSING), "stale": list(STALE)})
    session.commit()
    with session.get_bind().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE candidates, index_state"))
    return coverage.check(session, "candidates", Collection("c1", "local", 512), None)


def ids(session: Session, where: CandidateFilter, crowd: CoverageView | None) -> list[int]:
    return [row.id for row in candidates.find_page(session, where, crowd).items]


def plans(session: Session, where: CandidateFilter, crowd: CoverageView) -> str:
    """Say how PostgreSQL goes about the statements of a list."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool) -> None:
        asked.append((sql, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    candidates.find_page(session, where, crowd)
    event.remove(engine, "before_cursor_execute", note)
    explained = [(f"EXPLAIN {sql}", given) for sql, given in asked if sql.startswith(("SELECT", "WITH"))]
    return "\n".join(line for sql, given in explained for (line,) in session.connection().exec_driver_sql(sql, given))


def test_each_state_is_found_where_the_comparison_saw_it(session: Session, crowd: CoverageView) -> None:
    assert ids(session, CandidateFilter("missing"), crowd) == sorted(MISSING, reverse=True)
    assert ids(session, CandidateFilter("stale"), crowd) == sorted(STALE, reverse=True)
    assert coverage.ranges(session, crowd.alias, "missing") == [15_003 // RANGE, 0]
    assert (crowd.missing, crowd.stale, crowd.orphaned) == (3, 3, 10)
    assert crowd.eligible == crowd.indexed + crowd.missing + crowd.stale + crowd.failed == PEOPLE - 20


def test_who_has_changed_since_the_comparison_is_listed(session: Session, crowd: CoverageView) -> None:
    session.execute(update(Candidate).where(Candidate.id == 9_000).values(headline="Welder"))
    assert ids(session, CandidateFilter("stale"), crowd) == sorted(STALE | {9_000}, reverse=True)


def test_who_was_indexed_since_the_comparison_is_not_listed(session: Session, crowd: CoverageView) -> None:
    session.execute(update(IndexState).where(IndexState.record_id == 40).values(source_version=_version(40)))
    assert 40 not in ids(session, CandidateFilter("stale"), crowd)


def test_states_and_filters_meet_and_large_totals_are_not_called_exact(session: Session, crowd: CoverageView) -> None:
    where = RecordFilter(location="Madrid")
    assert ids(session, CandidateFilter("missing", where=where), crowd) == sorted(MISSING, reverse=True)
    assert ids(session, CandidateFilter("missing", "zulema"), crowd) == []
    assert ids(session, CandidateFilter(text="zulema"), crowd) == [15_009, 10_009, 5_009, 9]
    assert ids(session, CandidateFilter(where=RecordFilter(skills=("Falconry",))), crowd) == [15_007, 10_007, 5_007, 7]
    page = candidates.find_page(session, CandidateFilter("indexed"), crowd)
    assert (page.total, page.total_exact) == (crowd.indexed, False)
    few = candidates.find_page(session, CandidateFilter("missing"), crowd, limit=2)
    assert (few.total, few.total_exact) == (3, True)


def test_a_page_of_many_goes_on_where_it_ended(session: Session, crowd: CoverageView) -> None:
    where = CandidateFilter(text="ana", where=RecordFilter(location="madrid"))
    first = candidates.find_page(session, where, crowd, limit=200)
    second = candidates.find_page(session, where, crowd, first.next, limit=200)
    assert second.items[0].id < first.items[-1].id and not first.total_exact


def test_nobody_reads_everybody_for_a_page(session: Session, crowd: CoverageView) -> None:
    for where in (
        *(CandidateFilter(state) for state in candidates.LISTS),
        CandidateFilter(text="zulema"),
        CandidateFilter(text="ATS-1500"),
        CandidateFilter("missing", "ana"),
        CandidateFilter(where=RecordFilter(location="teruel")),
        CandidateFilter(where=RecordFilter(skills=("Falconry",))),
        CandidateFilter(where=RecordFilter(status="nothing")),
        CandidateFilter(where=RecordFilter(location="madrid", min_years=39)),
    ):
        found = plans(session, where, crowd)
        assert "Seq Scan on candidates" not in found and "Seq Scan on index_state" not in found, (where, found)


def _version(candidate_id: int) -> ScalarSelect[Any]:
    return select(Candidate.updated_at).where(Candidate.id == candidate_id).scalar_subquery()

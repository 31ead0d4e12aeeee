"""The overview: coverage, what runs, what needs a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from core import coverage
from core.models import Alert
from core.models.money import NOBODY
from core.ports import Collection
from tests.webapp import factories
from tests.webapp.conftest import NO_QDRANT, NO_REDIS, Visitor, plain

COLLECTION = Collection("c1", "local", 512)
COHERE = {"EMBEDDER": "cohere", "COHERE_API_KEY": "k" * 20}


def compare(session: Session) -> None:
    coverage.check(session, "candidates", COLLECTION, points=None)


def test_before_the_first_comparison_it_says_so(viewer: Visitor) -> None:
    assert "Not compared yet." in plain(viewer.get("/"))


def test_without_anybody_it_says_how_to_bring_people_in(viewer: Visitor, session: Session) -> None:
    compare(session)

    assert "Nobody is eligible yet." in plain(viewer.get("/"))


def test_who_is_missing_and_who_is_stale_add_up_to_the_launch(operator: Visitor, session: Session) -> None:
    factories.make_candidate(session)
    stale = factories.make_candidate(session)
    place = {"collection": COLLECTION.name, "model": COLLECTION.model, "dimension": COLLECTION.dimension}
    factories.make_place(session, stale, **place, source_version=datetime(2026, 1, 1, tzinfo=UTC))
    session.commit()
    compare(session)

    told = "1 person cannot be found, and no job covers them. 1 more is found by an old text. Launch for 2"
    assert told in plain(operator.get("/"))


def test_missing_people_without_a_job_need_attention(operator: Visitor, session: Session) -> None:
    factories.make_candidate(session)
    factories.make_candidate(session)
    session.commit()
    compare(session)

    page = operator.get("/")
    assert "2 people cannot be found, and no job covers them." in plain(page)
    assert "Launch for 2" in plain(page)

    operator.post("/sync", scope="all")
    assert "no job covers them" not in plain(operator.get("/"))


def test_each_figure_of_the_coverage_leads_to_its_list(viewer: Visitor, session: Session) -> None:
    for person in [factories.make_candidate(session) for _ in range(3)]:
        factories.make_place(session, person)
    session.commit()
    compare(session)

    page = viewer.get("/").text
    for state in ("indexed", "missing", "stale", "failed", "orphaned"):
        assert f'href="/candidates?state={state}"' in page
    assert "Everybody eligible is indexed." in page


def test_a_queue_without_a_worker_needs_attention(viewer: Visitor, session: Session) -> None:
    factories.make_job(session, status="queued")
    session.commit()

    assert "No worker listens on jobs:etl. 1 job waits for one." in plain(viewer.get("/"))


def test_what_an_alert_says_is_not_said_twice(viewer: Visitor, session: Session) -> None:
    factories.make_failure(session, factories.make_job(session), factories.make_candidate(session).id)
    session.commit()
    notices = ["No worker listens on jobs:etl.", "1 record was set aside after an error."]
    page = plain(viewer.get("/"))
    assert [page.count(sentence) for sentence in notices] == [1, 1]

    session.add(Alert(rule="queue_unheard", subject="jobs:etl", sentence="Nobody works."))
    session.add(Alert(rule="dead_letters", subject="", sentence="21 were set aside."))
    session.commit()
    page = plain(viewer.get("/"))
    assert [page.count(sentence) for sentence in notices] == [0, 0]
    assert "Nobody works." in page and "21 were set aside." in page


@pytest.mark.parametrize("app", [NO_QDRANT], indirect=True)
def test_an_engine_of_which_an_alert_tells_is_not_told_twice(viewer: Visitor, session: Session) -> None:
    session.add(Alert(rule="engine_away", subject="Qdrant", sentence="Qdrant sleeps."))
    session.commit()

    page = plain(viewer.get("/"))
    assert "Qdrant sleeps." in page and "Qdrant does not answer." not in page


def test_a_failed_job_needs_attention_until_a_later_one_makes_it_good(viewer: Visitor, session: Session) -> None:
    now = datetime.now(UTC)
    factories.make_job(session, title="Night sync", status="failed", error_detail="Set COHERE_API_KEY.", created_at=now)
    session.commit()
    assert "“Night sync” failed. Set COHERE_API_KEY." in plain(viewer.get("/"))

    factories.make_job(session, status="completed", created_at=datetime.now(UTC))
    session.commit()
    assert "“Night sync” failed." not in plain(viewer.get("/"))


def test_records_set_aside_need_attention(viewer: Visitor, session: Session) -> None:
    factories.make_failure(session, factories.make_job(session), factories.make_candidate(session).id)
    session.commit()

    assert "1 record was set aside after an error. 1 cause." in plain(viewer.get("/"))


def test_a_waiting_job_says_why(viewer: Visitor, session: Session) -> None:
    now = datetime.now(UTC)
    factories.make_job(session, title="Night sync", status="waiting", message="Until 12:04:10 UTC.", started_at=now)
    session.commit()

    assert "“Night sync” waits. Until 12:04:10 UTC." in plain(viewer.get("/"))


@pytest.mark.parametrize(("app", "name"), [(NO_REDIS, "Redis"), (NO_QDRANT, "Qdrant")], indirect=["app"])
def test_a_dependency_that_is_down_is_named_and_the_page_stands(viewer: Visitor, name: str) -> None:
    page = viewer.get("/")

    assert page.status_code == 200
    assert f"{name} does not answer." in plain(page)


def test_the_page_polls_itself_and_the_poll_draws_the_same(viewer: Visitor, session: Session) -> None:
    job = factories.make_job(session, title="Night sync", status="running", total=10, done=5)
    session.commit()

    page, poll = viewer.get("/").text, viewer.get("/overview/live").text

    assert page.count("data-poll") == 1
    for drawn in (page, poll):
        assert f'id="run-{job.id}"' in drawn
        assert '<progress value="5" max="10"' in drawn
    assert 'hx-swap-oob="true">1 active' in poll


def test_what_is_drawn_for_one_reader_is_shown_to_all_of_the_role(visitor: Callable[..., Visitor]) -> None:
    one, other = visitor("operator", "Olga of one"), visitor("operator", "Omar of the other")

    first, second = (reader.get("/overview/live").text for reader in (one, other))

    assert "Olga" not in second
    assert first.replace(one.token, "") == second.replace(other.token, "")


def test_a_poll_with_nothing_new_is_empty(viewer: Visitor, redis: Redis) -> None:
    tags = [viewer.get("/overview/live").headers["ETag"] for _ in range(2)]

    answers = [viewer.get("/overview/live", headers={"If-None-Match": tag}).status_code for tag in tags]

    assert 304 in answers  # at most one of them met the turn of the clock


def test_a_job_that_failed_for_the_key_is_not_told_beside_its_alert(viewer: Visitor, session: Session) -> None:
    factories.make_job(session, status="failed", error_code="cohere_key_refused", created_at=datetime.now(UTC))
    session.commit()
    before = plain(viewer.get("/"))
    session.add(Alert(rule="key_refused", subject="Cohere", sentence="Cohere refuses the key.", cure="Set another."))
    session.commit()

    shown = plain(viewer.get("/"))

    assert "“Sync everything not indexed” failed." in before
    assert "“Sync everything not indexed” failed." not in shown
    assert "Cohere refuses the key. Set another." in shown


def test_a_job_that_waits_for_the_budget_is_not_told_beside_its_alert(viewer: Visitor, session: Session) -> None:
    said = "Waits: the budget of 5.00 USD for November is used up (5.01 USD): set MONTHLY_BUDGET higher."
    factories.make_job(session, status="waiting", message=said, started_at=datetime.now(UTC))
    session.add(Alert(rule="budget_spent", subject="", sentence="The budget is used up.", cure="Set it higher."))
    session.commit()

    assert "“Sync everything not indexed” waits." not in plain(viewer.get("/"))


def test_jobs_that_wait_for_the_same_are_told_in_one_sentence(viewer: Visitor, session: Session) -> None:
    for _ in range(3):
        factories.make_job(session, status="waiting", message="Waits for Qdrant.", started_at=datetime.now(UTC))
    session.commit()

    assert "3 jobs wait for the same reason. Waits for Qdrant." in plain(viewer.get("/"))


def test_a_stalled_job_needs_attention(viewer: Visitor, session: Session) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=4)
    job = factories.make_job(session, status="running", started_at=long_ago, moved_at=long_ago, updated_at=long_ago)
    session.commit()
    shown = plain(viewer.get("/"))
    session.add(Alert(rule="job_stalled", subject=str(job.id), sentence="It stands.", cure="See its log."))
    session.commit()

    assert "“Sync everything not indexed” has stalled. Nothing of it was done for 4 min" in shown
    assert "has stalled. Nothing" not in plain(viewer.get("/"))


@pytest.mark.parametrize("app", [COHERE | {"MONTHLY_BUDGET": 100}], indirect=True)
def test_a_budget_that_will_not_last_needs_attention(viewer: Visitor, session: Session) -> None:
    factories.make_spend(session, NOBODY, tokens=825_000_000)  # $99 of $100
    session.commit()

    shown = plain(viewer.get("/"))

    assert "At this pace the budget of the month is used up on" in shown
    assert "$99.00 of $100.00" in shown


def test_queues_show_how_long_jobs_waited_in_the_last_hour(viewer: Visitor, session: Session) -> None:
    now = datetime.now(UTC)
    factories.make_job(session, created_at=now - timedelta(minutes=6), started_at=now - timedelta(minutes=5))
    session.commit()

    page = viewer.get("/").text

    assert re.search(r"jobs:etl: longest wait of each of the last 60 minutes, at most 1\Wmin", page)


def test_a_model_of_our_own_costs_nothing(viewer: Visitor) -> None:
    assert "The embedder is a model of our own: it costs nothing." in plain(viewer.get("/"))

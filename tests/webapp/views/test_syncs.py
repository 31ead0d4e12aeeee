"""The launch of a sync: its form, its preview, its job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from unittest.mock import Mock
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from core.coverage import check
from core.embedding_cache import keep
from core.models import AuditEvent, Job
from tests.webapp import factories
from tests.webapp.conftest import NO_REDIS, Visitor, plain
from webapp import ids_file
from webapp.queries import wide_sync
from webapp.queries.current import collection


def launched(session: Session, location: str | None) -> Job:
    assert location is not None
    session.expire_all()
    return session.get_one(Job, UUID(location.rsplit("/", 1)[1]))


def test_a_launch_leads_to_the_page_of_its_job(operator: Visitor, session: Session) -> None:
    answer = operator.post("/sync", scope="all", limit="100", force="1", reason="Feria de Sevilla")

    assert answer.status_code == 303
    job = launched(session, answer.location)
    assert (job.kind, job.payload["limit"], job.payload["force"]) == ("etl.sync", 100, True)
    assert (job.requested_by, job.reason) == ("operator", "Feria de Sevilla")
    assert job.request_id == answer.headers["X-Request-ID"]
    assert f"Request {job.request_id}" in plain(operator.get(answer.location))
    trail = session.execute(select(AuditEvent.actor, AuditEvent.action, AuditEvent.reason)).one()
    assert tuple(trail) == ("operator", "job.launch", "Feria de Sevilla")


def test_a_double_click_is_one_job(operator: Visitor, session: Session) -> None:
    first, second = operator.post("/sync", scope="all"), operator.post("/sync", scope="all")

    assert first.location == second.location
    assert session.scalar(select(func.count()).select_from(Job)) == 1
    assert "nothing was launched twice" in plain(operator.get(second.location))


@pytest.mark.parametrize("app", [NO_REDIS], indirect=True)
def test_a_launch_is_kept_while_redis_is_down(operator: Visitor, session: Session) -> None:
    answer = operator.post("/sync", scope="all")

    assert answer.status_code == 303
    assert launched(session, answer.location).status == "queued"


def test_a_filter_becomes_the_payload(operator: Visitor, session: Session) -> None:
    fields = {"filter.location": "Bilbao", "filter.skills": "Spark, dbt", "filter.min_years": "3"}
    job = launched(session, operator.post("/sync", scope="filter", **fields).location)

    kept = {name: value for name, value in job.payload["filter"].items() if value}
    assert kept == {"location": "Bilbao", "skills": ["Spark", "dbt"], "min_years": 3}


def test_a_hidden_filter_does_not_count(operator: Visitor, session: Session) -> None:
    job = launched(session, operator.post("/sync", scope="all", **{"filter.location": "Bilbao"}).location)

    assert job.payload["filter"] is None


def test_chosen_people_become_an_embedding_of_those_who_exist(operator: Visitor, session: Session) -> None:
    people = [factories.make_candidate(session) for _ in range(2)]
    session.commit()

    pasted = f"{people[1].id}\n{people[0].id}, 999999"
    job = launched(session, operator.post("/sync", scope="ids", candidate_ids=pasted).location)

    assert job.kind == "etl.embed"
    assert job.payload["candidate_ids"] == sorted(person.id for person in people)


def test_chosen_people_may_be_named_by_external_ids_mixed_with_ours(operator: Visitor, session: Session) -> None:
    named = ("ATS-0500000", "12 34/B", "זהות-7")
    people = [factories.make_candidate(session, external_id=external) for external in named]
    people += [factories.make_candidate(session), factories.make_candidate(session, external_id="x")]
    people[4].external_id = str(people[3].id)  # ours comes first
    session.commit()
    pasted = f"ATS-0500000, {people[3].id}\r\n12 34/B;זהות-7\nATS-0500000 {people[0].id}\n\n,,NOBODY-1 \x00'--<b>"

    page = operator.post("/sync/previews", scope="ids", candidate_ids=pasted, force="1")
    job = launched(session, operator.post("/sync", scope="ids", candidate_ids=pasted, force="1").location)

    assert "2 ids are nobody’s: NOBODY-1, &#39;--&lt;b&gt; They are left out." in plain(page)
    assert job.payload == {"candidate_ids": sorted(person.id for person in people[:4]), "force": True}


def test_ids_pasted_by_space_are_taken_whole_however_many_stand_in_a_line(operator: Visitor, session: Session) -> None:
    people = [factories.make_candidate(session, id=100_000 + number) for number in range(40)]
    factories.make_candidate(session, id=1000)
    session.commit()

    pasted = " ".join(str(person.id) for person in people)
    job = launched(session, operator.post("/sync", scope="ids", candidate_ids=pasted).location)

    assert job.payload["candidate_ids"] == [person.id for person in people]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"scope": "all", "limit": "ten"}, "“ten” is not a whole number."),
        ({"scope": "all", "limit": "0"}, "Too small: at least 1."),
        ({"scope": "all", "limit": "99999999999999999999"}, "Too large"),
        ({"scope": "filter"}, "Fill in at least one of these."),
        ({"scope": "filter", "filter.min_years": "-1"}, "Too small: at least 0."),
        ({"scope": "ids", "candidate_ids": ""}, "Paste ids, or choose a file of them."),
        ({"scope": "ids", "candidate_ids": " , \n"}, "Paste ids, or choose a file of them."),
        ({"scope": "ids", "candidate_ids": "abc"}, "Nobody has these ids: abc. Copy them from the list of candidates."),
        ({"scope": "ids", "candidate_ids": "999999" * 9}, "Nobody has these ids: 9999999999999999999999"),
        ({"scope": "elsewhere"}, "Some fields need a second look."),
    ],
)
def test_a_bad_form_comes_back_with_the_error_beside_its_field(
    operator: Visitor, session: Session, fields: dict[str, str], sentence: str
) -> None:
    answer = operator.post("/sync", **fields, reason="kept as typed")

    assert answer.status_code == 422
    assert sentence in plain(answer)
    assert 'value="kept as typed"' in answer.text
    assert session.scalar(select(func.count()).select_from(Job)) == 0


def send(operator: Visitor, path: str, content: bytes, **form: str) -> TestResponse:
    """Post a form with a file of people."""
    file = FileStorage(BytesIO(content), "people.csv")
    form = {"csrf_token": operator.token, "scope": "ids", **form}
    boundary, body = encode_multipart({**form, "ids_file": file})
    return operator.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


@pytest.mark.parametrize(
    "content",
    [
        "{0}\n{1}\n",
        '"{0}",\n"{1}",\n',
        "\n{0};\r{1};\r",
        "{0}, {1}; {0}\n \n",
        '\ufeffid,full_name\r\n{0},Núñez\r\n{1},"a\nb"\r\n',
        "full_name;EXTERNAL_ID\nAna;X-1\nEva;X-2\n",
        "sep=;\r\nfull_name; 'External-Id'\r\nAna;X-1\r\nEva;X-2\r\n",
        'name\t"Candidate ID"\nAna\t{0}\n\nEva\t{1}\n',
        "external_id|candidate_id|id\nX-3|{2}|{0}\nX-3|{2}|{1}\n",
        "id,summary\n{0},one\u2028{2}\n{1},two\x0c{2}\n",
        "id,record_id,external_id\n{2},{2},X-1\n{2},{2},X-2\n",
        "external_id\nX-1,\nX-2,,\n",
        "X-1, X-2\n",
    ],
)
def test_chosen_people_come_in_a_file(operator: Visitor, session: Session, content: str) -> None:
    people = [factories.make_candidate(session, external_id=f"X-{n}") for n in (1, 2, 3)]
    session.commit()
    sent = content.format(*(person.id for person in people)).encode()

    job = launched(session, send(operator, "/sync", sent).location)

    assert job.payload["candidate_ids"] == sorted(person.id for person in people[:2])


def test_ids_of_a_file_stay_in_the_form_after_a_preview_without_javascript(operator: Visitor, session: Session) -> None:
    one, other = (factories.make_candidate(session) for _ in range(2))
    session.commit()

    page = send(operator, "/sync/previews", f"{one.id}\nNOBODY".encode(), candidate_ids=str(other.id)).text

    assert f">{other.id}\n{one.id}\nNOBODY</textarea>" in page
    assert "1 id is nobody’s:" in plain(send(operator, "/sync/previews", f"{one.id}\nNOBODY".encode()))


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        (b"\xff\xfe1\x00", "Save it as CSV in UTF-8"),
        (b"PK\x03\x04\xe9", "Save it as CSV in UTF-8"),
        (b" \r\n", "nothing in this file"),
        (b'id,text\n1,"' + b"x" * 3_000_000, "Leave only the column of ids"),
        (b"id,text\n1,one,two", "Leave only the column of ids"),
        (b"id,text\n1,one\n2", "Leave only the column of ids"),
        (b'id,text\n"1,2",one', "Leave only the column of ids"),
        (b"id\n1\tAna\t2", "Leave only the column of ids"),
        (b"candidate,name,years\n1,Ana,2", "The first line must name a column id or external_id."),
        (b"name;years\nAna;2", "The first line must name a column id or external_id."),
        (b"1\tAna\n2\tEva", "The first line must name a column id or external_id."),
        (b"1 | Ana\n2 | Eva", "The first line must name a column id or external_id."),
        (b"1\n2,3", "The first line must name a column id or external_id."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_cure(
    operator: Visitor, session: Session, content: bytes, cure: str
) -> None:
    for number in (1, 2, 3):
        factories.make_candidate(session, id=number)
    session.commit()

    assert cure in send(operator, "/sync/previews", content).text
    answer = send(operator, "/sync", content)
    assert (answer.status_code, cure in answer.text) == (422, True)


def test_a_file_may_be_larger_than_a_form(operator: Visitor, session: Session) -> None:
    person = factories.make_candidate(session)
    session.commit()
    table = f"id,summary\n{person.id},{'x' * 600_000}\n".encode()

    assert send(operator, "/sync", table).status_code == 303


def test_a_file_that_is_too_large_is_refused_beside_its_field(operator: Visitor) -> None:
    content, cure = b"1\n" * 4_200_000, "larger than 8 MB. Leave only the column of ids in it."

    assert cure in send(operator, "/sync/previews", content).text
    assert cure in send(operator, "/sync", content).text


def test_what_is_larger_than_any_file_is_refused_with_a_cure(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids_file, "LET_IN", 1000)

    answer = send(operator, "/sync", b"1\n" * 1000)

    assert answer.status_code == 413
    assert "Leave something out, or send it in parts." in plain(answer)


def test_a_file_of_too_many_people_is_refused_soon_and_does_not_come_back(operator: Visitor) -> None:
    by_line, by_comma = (mark.join(map(str, range(10**6))).encode() for mark in ("\n", ","))

    for content in (by_line, by_comma):
        page = send(operator, "/sync/previews", content).text
        assert "There are more than 10,000 ids in this file. Split it into several." in page
        assert len(page) < 100_000


@pytest.mark.parametrize("content", ["X-1\n{0} Ana {1}\n{1} 34/B", "external_id\nX-1\n{1} 34/B", "X-1,{1} 34/B"])
def test_white_space_does_not_cut_an_id_of_a_file(operator: Visitor, session: Session, content: str) -> None:
    people = [factories.make_candidate(session), factories.make_candidate(session)]
    named = factories.make_candidate(session, external_id="X-1")
    session.commit()
    sent = content.format(*(person.id for person in people)).encode()

    assert f"{people[1].id} 34/B" in plain(send(operator, "/sync/previews", sent))
    assert launched(session, send(operator, "/sync", sent).location).payload["candidate_ids"] == [named.id]


@pytest.mark.parametrize("content", [b"1\n2", b"name,years\nAna,12"])
def test_a_file_is_read_once_a_request(operator: Visitor, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    read = Mock(wraps=ids_file._read)
    monkeypatch.setattr(ids_file, "_read", read)

    send(operator, "/sync/previews", content)

    assert read.call_count == 1


def test_a_preview_counts_and_changes_nothing(operator: Visitor, session: Session) -> None:
    for _ in range(3):
        factories.make_candidate(session)
    session.commit()

    panel = operator.client.post(
        "/sync/previews", data={"csrf_token": operator.token, "scope": "all"}, headers={"HX-Request": "true"}
    )

    assert "To do 3" in plain(panel)
    assert "<html" not in panel.text
    assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_without_javascript_the_preview_is_the_whole_page_with_what_was_typed(operator: Visitor) -> None:
    page = operator.post("/sync/previews", scope="filter", **{"filter.location": "Bilbao"})

    assert page.status_code == 200
    assert 'value="Bilbao"' in page.text
    assert "To do 0" in plain(page)


def test_a_preview_names_the_same_call_quoted_for_a_shell(operator: Visitor) -> None:
    page = operator.post("/sync/previews", scope="filter", **{"filter.location": "L'Hospitalet"})

    assert "/v1/admin/etl/sync" in page.text
    assert "L&#39;\\&#39;&#39;Hospitalet" in page.text


def test_a_preview_names_ids_that_are_nobodys(operator: Visitor, session: Session) -> None:
    person = factories.make_candidate(session)
    session.commit()

    page = operator.post("/sync/previews", scope="ids", candidate_ids=f"{person.id} 999999")

    assert "1 id is nobody’s: 999999" in plain(page)


def test_a_bad_preview_says_why(operator: Visitor) -> None:
    assert "is not a whole number" in plain(operator.post("/sync/previews", scope="all", limit="x"))


def test_a_job_can_be_run_again_edited(operator: Visitor, session: Session) -> None:
    job = factories.make_job(session, payload={"limit": 5, "force": True, "filter": {"location": "Cádiz"}}, reason="r")
    session.commit()

    page = operator.get(f"/sync/new?like={job.id}").text

    assert 'value="Cádiz"' in page
    assert 'value="filter" checked' in page
    assert operator.get("/sync/new?like=nonsense").status_code == 200


def test_a_viewer_launches_nothing(viewer: Visitor, session: Session) -> None:
    assert viewer.get("/sync/new").status_code == 403
    assert viewer.post("/sync", scope="all").status_code == 403
    assert session.scalar(select(func.count()).select_from(Job)) == 0


@pytest.mark.parametrize("app", [{"LAUNCHES_PER_USER_PER_MINUTE": 2}], indirect=True)
def test_one_person_does_not_flood_the_queue(operator: Visitor) -> None:
    answers = [operator.post("/sync", scope="all", limit=str(n)) for n in (1, 2, 3)]

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert answers[2].headers["Retry-After"] == "60"


def test_the_preview_leaves_out_whom_another_job_is_about_to_do(operator: Visitor, session: Session) -> None:
    people = [factories.make_candidate(session) for _ in range(5)]
    running = factories.make_job(session, status="running")
    factories.make_part(session, running, [person.id for person in people[:3]], status="running", cursor=1)
    session.commit()

    shown = plain(operator.post("/sync/previews", scope="all"))

    assert "Match 5 In the hands of other jobs − 2 To do 3" in shown
    assert "To embed, at most 3" in shown


@pytest.mark.parametrize(
    "app", [{"EMBEDDER": "cohere", "COHERE_API_KEY": "k" * 20, "MONTHLY_BUDGET": 0.0000001}], indirect=True
)
def test_the_preview_shows_the_budget_and_says_when_a_job_goes_beyond_it(operator: Visitor, session: Session) -> None:
    factories.make_candidate(session)
    session.commit()

    shown = plain(operator.post("/sync/previews", scope="all"))

    assert "Budget of the month, with this job" in shown
    assert "It goes beyond the budget of the month." in shown


def test_the_preview_leaves_out_vectors_that_are_kept(operator: Visitor, session: Session) -> None:
    current = collection(session, operator.client.application.extensions["settings"])
    place = {"collection": current.name, "model": current.model, "dimension": current.dimension}
    for number in range(4):
        factories.make_place(session, factories.make_candidate(session), content_hash=bytes([number]) * 32, **place)
    vectors = np.zeros((3, current.dimension), dtype="<f4")
    keep(session, current.model, current.dimension, "search_document", [bytes([n]) * 32 for n in range(3)], vectors)
    session.commit()

    shown = plain(operator.post("/sync/previews", scope="all", force="1"))

    assert "To do 4 Unchanged, with a vector, about − 3 To embed, at most 1" in shown


def test_among_very_many_the_preview_is_an_estimate_and_says_so(
    operator: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wide_sync, "COUNTED_TO", 2)
    for _ in range(3):
        factories.make_candidate(session)
    session.commit()
    settings = operator.client.application.extensions["settings"]
    check(session, settings.collection, None, None)

    shown = plain(operator.post("/sync/previews", scope="all"))

    assert "about, as of the comparison at" in shown
    assert "Match 3 To do 3 To embed, at most 3" in shown


def test_the_time_is_foretold_from_a_job_that_embedded(operator: Visitor, session: Session) -> None:
    model = collection(session, operator.client.application.extensions["settings"]).model
    began = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for seconds, calls in ((100, 4), (1, 0)):
        times = {"started_at": began, "finished_at": began + timedelta(seconds=seconds)}
        job = factories.make_job(session, status="completed", model=model, done=100, calls=calls, **times)
        if calls:
            factories.make_spend(session, job.id, model=model, inputs=100)
    for _ in range(20):
        factories.make_candidate(session)
    session.commit()

    assert "Time 20 s" in plain(operator.post("/sync/previews", scope="all"))


def test_the_sum_rides_along_for_the_button_of_a_phone(operator: Visitor, session: Session) -> None:
    factories.make_candidate(session)
    session.commit()

    page = operator.get("/sync/new").text
    panel = operator.client.post(
        "/sync/previews", data={"csrf_token": operator.token, "scope": "all"}, headers={"HX-Request": "true"}
    ).text

    assert 'id="sum"' in page and "hx-swap-oob" not in page
    assert 'id="sum" hx-swap-oob="true">1 person' in panel

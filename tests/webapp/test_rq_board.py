"""rq-dashboard behind our lock."""

from __future__ import annotations

import pickle
import re

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import AuditEvent
from tests.webapp.conftest import Visitor


@pytest.fixture
def queued(redis: Redis) -> Job:
    return Queue("jobs:etl", connection=redis, serializer=JSONSerializer).enqueue("worker.run.run_job", "an-id")


@pytest.mark.parametrize("path", ["/rq/", "/rq/0/view/jobs", "/rq/0/data/queues.json", "/rq/static/css/main.css"])
def test_nobody_sees_it_without_a_login(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)

    assert answer.status_code == 302
    assert answer.location.startswith("/login")


def test_its_own_scripts_are_told_to_sign_in_instead_of_a_page(app: Flask) -> None:
    answer = app.test_client().get("/rq/0/data/queues.json", headers={"X-Requested-With": "XMLHttpRequest"})

    assert answer.status_code == 401


def test_everybody_who_is_signed_in_may_look(viewer: Visitor, queued: Job) -> None:
    for path in ("/rq/", "/rq/0/view/jobs", "/rq/0/view/workers", f"/rq/0/view/job/{queued.id}"):
        assert viewer.get(path).status_code == 200
    assert viewer.get("/rq/0/data/queues.json").json["queues"][0]["name"] == "jobs:etl"


def test_nothing_changes_on_get(admin: Visitor, redis: Redis, queued: Job) -> None:
    for path in ("/rq/requeue/jobs:etl", f"/rq/job/{queued.id}/delete", "/rq/queue/jobs:etl/queued/empty"):
        answer = admin.get(path)
        assert (answer.status_code, "Allow" not in answer.headers) in ((405, False), (405, True))
    assert redis.llen("rq:queue:jobs:etl") == 1


def test_only_admins_change_anything_and_leave_a_trail(
    operator: Visitor, admin: Visitor, session: Session, redis: Redis, queued: Job
) -> None:
    path = f"/rq/job/{queued.id}/delete"

    assert operator.post(path).status_code == 403
    assert redis.exists(f"rq:job:{queued.id}")
    assert admin.post(path).json == {"status": "OK"}
    assert not redis.exists(f"rq:job:{queued.id}")
    trail = session.execute(select(AuditEvent.actor, AuditEvent.action, AuditEvent.target)).one()
    assert tuple(trail) == ("admin", "rq.write", path)


def test_a_forged_write_is_refused(admin: Visitor, queued: Job) -> None:
    path = f"/rq/job/{queued.id}/delete"

    assert admin.client.post(path).status_code == 400
    cross = admin.client.post(path, data={"csrf_token": admin.token}, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403


def test_its_pages_carry_a_nonce_and_no_inline_style(viewer: Visitor) -> None:
    page = viewer.get("/rq/0/view/jobs")
    nonce = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])

    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in page.text
    assert " style=" not in page.text
    assert viewer.get("/rq/0/view/jobs").headers["Content-Security-Policy"] != page.headers["Content-Security-Policy"]


def test_its_policy_is_for_its_pages_alone(viewer: Visitor) -> None:
    assert "unsafe-eval" in viewer.get("/rq/").headers["Content-Security-Policy"]
    assert "unsafe" not in viewer.get("/jobs").headers["Content-Security-Policy"]


def test_its_scripts_get_the_token_that_writes_need(admin: Visitor, queued: Job) -> None:
    admin.get("/rq/")
    cookie = admin.client.get_cookie("_csrf_token", path="/rq")

    assert cookie is not None
    answer = admin.client.post(f"/rq/job/{queued.id}/delete", headers={"X-CSRFToken": cookie.value})
    assert answer.json == {"status": "OK"}


def test_templates_escape_all_they_draw(viewer: Visitor, queued: Job) -> None:
    page = viewer.get(f"/rq/0/view/job/{queued.id}")

    assert "<%=" not in page.text
    order = [page.text.index(name) for name in ("underscore-umd-min.js", "rq-escape.js", "<script nonce=")]
    assert order == sorted(order)


def test_a_pickle_in_redis_is_never_opened(viewer: Visitor, redis: Redis, queued: Job) -> None:
    redis.hset(f"rq:job:{queued.id}", "data", pickle.dumps(("os.system", None, ("true",), {})))

    answer = viewer.get(f"/rq/0/data/job/{queued.id}.json")

    assert answer.status_code in (200, 500)
    assert "os.system" not in answer.text


def test_another_redis_cannot_be_asked_for(viewer: Visitor) -> None:
    assert viewer.get("/rq/1/view/queues").status_code == 404


def test_the_redis_password_is_not_shown(viewer: Visitor, redis_url: str) -> None:
    password = redis_url.split(":")[2].split("@")[0]

    assert password not in viewer.get("/rq/").text

"""The smaller parts: assets, languages, dependencies, preferences, the form of any kind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.jobs.kind import JobKind, Payload
from core.kinds import KINDS
from core.models import Job
from tests.webapp.conftest import Visitor, plain
from webapp import i18n
from webapp.dependencies import Check, Dependencies


class Greeting(Payload):
    name: str = Field(title="Whom to greet")
    times: int = Field(1, ge=1)
    loud: bool = False


@pytest.fixture
def throwaway(monkeypatch: pytest.MonkeyPatch) -> JobKind:
    """A kind that nothing else knows of."""
    kind = JobKind(
        name="test.greet",
        queue="jobs:etl",
        payload=Greeting,
        steps=("greet",),
        title=lambda greeting: f"Greet {greeting.name}",
        split=KINDS["etl.sync"].split,
        run=lambda part: None,
    )
    monkeypatch.setitem(KINDS, kind.name, kind)
    return kind


def test_any_kind_has_a_form_a_launch_and_a_page(throwaway: JobKind, operator: Visitor, session: Session) -> None:
    form = operator.get("/launches/test.greet/new")
    assert "Whom to greet" in plain(form)
    assert 'type="checkbox" id="loud"' in form.text

    bad = operator.post("/launches/test.greet", times="none")
    assert bad.status_code == 422
    assert "Fill this in." in plain(bad)
    assert 'value="none"' in bad.text

    good = operator.post("/launches/test.greet", name="Ana", times="2", loud="1", reason="why")
    assert good.status_code == 303
    job = session.scalars(select(Job)).one()
    assert job.payload == {"name": "Ana", "times": 2, "loud": True}
    page = plain(operator.get(good.location))
    assert "Greet Ana" in page
    assert "test.greet" in plain(operator.get("/jobs"))


def test_a_kind_that_is_not_there(operator: Visitor) -> None:
    assert operator.get("/launches/nope/new").status_code == 404


def test_a_theme_is_kept_and_goes_round(viewer: Visitor, session: Session) -> None:
    for theme in ("dark", "light"):
        assert viewer.post("/preferences", theme=theme, back="/jobs?q=x").location == "/jobs?q=x"
        assert f'data-theme="{theme}"' in viewer.get("/jobs").text
    viewer.post("/preferences", theme="system")
    assert "data-theme" not in viewer.get("/jobs").text


@pytest.mark.parametrize(("field", "value"), [("theme", "pink"), ("language", "xx")])
def test_a_preference_that_is_none_is_refused(viewer: Visitor, field: str, value: str) -> None:
    assert viewer.post("/preferences", **{field: value}).status_code == 422


@pytest.mark.parametrize("back", ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_preferences_lead_to_no_other_site(viewer: Visitor, back: str) -> None:
    assert viewer.post("/preferences", theme="dark", back=back).location == "/"


def test_without_a_catalogue_there_is_one_language(
    viewer: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    i18n.languages.cache_clear()
    try:
        assert 'name="language"' not in viewer.get("/jobs", headers={"Accept-Language": "es"}).text
    finally:
        i18n.languages.cache_clear()


def dependencies(ask: Callable[[], Check]) -> Dependencies:
    return Dependencies({"Thing": ask}, httpx.Client())


def test_a_dependency_that_hangs_keeps_nobody_waiting() -> None:
    free = threading.Event()
    known = dependencies(lambda: free.wait(60) and Check("Thing", True, datetime.now(UTC)))  # type: ignore[arg-type, return-value]

    silent = known.look(patience=0.05)[0]
    free.set()
    known.close()

    assert (silent.ok, silent.name) == (False, "Thing")


def test_a_young_answer_is_not_asked_for_again() -> None:
    asked: list[int] = []

    def ask() -> Check:
        asked.append(1)
        return Check("Thing", True, datetime.now(UTC))

    known = dependencies(ask)
    for _ in range(5):
        assert known.look(patience=5)[0].ok
    known.close()

    assert len(asked) == 1


def test_an_error_is_told_by_its_name_alone() -> None:
    def ask() -> Check:
        raise ConnectionError("redis://:password@host")

    known = dependencies(ask)
    check = known.look(patience=5)[0]
    known.close()

    assert (check.ok, check.said) == (False, "ConnectionError")


def test_without_workers_the_overview_says_none(viewer: Visitor) -> None:
    assert "Workers none" in plain(viewer.get("/"))

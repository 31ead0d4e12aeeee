"""The main stories of an operator in a browser that runs no JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.db import engine_for
from core.models import Candidate, Failure, Job
from tests.walks.browsing import Running, open_page
from tests.webapp import factories

WHO = "a walk without scripts"


@pytest.fixture
def aside(stack: Running) -> Iterator[None]:
    """Two people whose records were set aside."""
    engine = engine_for(stack.database_url)
    with Session(engine, expire_on_commit=False) as session:
        job = factories.make_job(session, requested_by=WHO, status="completed_with_errors", total=2, failed=2)
        for n in range(2):
            person = factories.make_candidate(session, full_name=f"Eva Walk {n}", location=WHO)
            session.refresh(person)
            factories.make_failure(session, job, person.id, cause="text_refused", source_version=person.updated_at)
        session.commit()
    yield
    with Session(engine) as session:
        session.execute(delete(Failure).where(Failure.job_id == job.id))
        session.execute(delete(Job).where(Job.id == job.id))
        session.execute(delete(Candidate).where(Candidate.location == WHO))
        session.commit()
    engine.dispose()


@pytest.fixture
def page(browser: Browser, stack: Running) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    yield open_page(context, stack).page
    context.close()


def confirm(page: Page) -> None:
    """Say why, on the page that tells what will be lost."""
    page.fill("#reason", "a walk")
    page.click("button.danger")


def test_jobs_are_launched_watched_cancelled_and_retried(page: Page, stack: Running) -> None:
    page.click("#nav >> text=Queues")
    page.click("tr:has-text('jobs:etl') >> text=Pause…")
    confirm(page)
    expect(page.locator("#main")).to_contain_text("a walk")

    page.click("#nav >> text=Launch")
    page.check("input[value=all]")
    page.fill("#limit", "3")
    page.click("text=Preview")
    expect(page.locator("#preview")).to_contain_text("To do")
    page.click("button.primary:has-text('Launch')")
    page.wait_for_url("**/jobs/*")
    assert '<noscript><meta http-equiv="refresh"' in page.content()  # so it is watched
    page.click("text=Cancel…")
    confirm(page)
    expect(page.locator("h1")).to_contain_text("Cancelled")
    assert 'http-equiv="refresh"' not in page.content()
    page.click("text=Retry the rest")
    expect(page.locator("#main")).to_contain_text("jobs:etl is paused")

    page.goto(f"{stack.url}/jobs?q=user:admin")
    page.check("tbody tr:first-child input")
    page.click("button:has-text('Cancel…')")
    confirm(page)
    page.wait_for_url("**/jobs/*")
    page.click("#nav >> text=Queues")
    page.click("tr:has-text('jobs:etl') >> text=Resume")
    expect(page.locator("tr", has_text="jobs:etl")).to_contain_text("Pause…")


def test_a_text_is_mended_and_a_failure_discarded(page: Page, stack: Running, aside: None) -> None:
    page.click("#nav >> text=Failures")
    page.click("#causes th >> text=Cohere refuses the text")
    page.click("#list tbody >> text=Mend… >> nth=0")
    page.fill("#summary", "Mended without a script.")
    page.click("button.primary:has-text('Save')")
    expect(page.locator("#list")).to_contain_text("changed since")
    page.check("#list tbody tr:nth-child(2) input")
    page.click("text=Discard selected…")
    confirm(page)
    expect(page.locator(".said")).to_contain_text("1 failure discarded.")


def test_a_worker_drains_and_goes_on(page: Page) -> None:
    page.click("#nav >> text=Workers")
    page.click("text=Drain…")
    confirm(page)
    expect(page.locator("#main")).to_contain_text("a walk")
    page.click("button:has-text('Resume')")
    expect(page.locator("#main table")).not_to_contain_text("a walk")


def test_a_view_is_saved_and_the_language_changed(page: Page, stack: Running) -> None:
    page.goto(f"{stack.url}/jobs?q=status:cancelled")
    page.click("summary:has-text('Save')")
    page.locator(".saved input[name=name]").last.fill("Cancelled ones")
    page.click(".saved button:has-text('Save')")
    page.click(".saved >> text=Cancelled ones")
    expect(page.locator("#q")).to_have_value("status:cancelled")
    page.click("text=Español")
    assert page.get_attribute("html", "lang") == "es"
    expect(page.locator("h1")).to_have_text("Trabajos")
    page.click("text=English")
    assert page.get_attribute("html", "lang") == "en"


def test_a_person_is_let_in_and_changes_their_password(page: Page, browser: Browser, stack: Running) -> None:
    page.click("#nav >> text=People")
    page.click("text=Add a person")
    page.fill("#name", WHO)
    page.check("input[value=operator]")
    page.click("button.primary:has-text('Add')")
    theirs = browser.new_context(java_script_enabled=False)
    other = open_page(theirs, replace(stack, password=page.inner_text("#made")), WHO).page
    other.click("#nav >> text=Password")
    other.fill("#current", page.inner_text("#made"))
    other.fill("#password", "a longer password")
    other.fill("#again", "a longer password")
    other.click("button.primary:has-text('Change it')")
    expect(other.locator(".said")).to_be_visible()
    other.click("#nav >> text=API tokens")
    other.click("text=Make a token")
    other.fill("#name", "nightly")
    other.click("button.primary:has-text('Make it')")
    expect(other.locator("#token")).to_contain_text("vigia_")
    theirs.close()

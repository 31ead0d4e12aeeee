"""Walks in a real browser over the whole stack, as `vigia up` starts it."""

from __future__ import annotations

import time
from dataclasses import replace

import psycopg
from playwright.sync_api import Browser, Page, expect
from redis import Redis
from rq import Queue
from rq.job import JobStatus
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer

from tests.walks.browsing import PEOPLE, POLL_NOW, Running, Watched, open_page

JOB_SECONDS = 120
ATTACK = '<img src=x onerror="window.attacked = true"><script>window.attacked = true</script>'

expect.set_options(timeout=30_000)


def figure(page: Page) -> float:
    return float(page.inner_text("#percent").split()[0].replace(",", "."))


def test_an_operator_launches_watches_and_finds(watched: Watched, stack: Running) -> None:
    page = watched.page
    expect(page.locator("#h-attention")).to_be_visible(timeout=20_000)
    page.click("text=Launch a sync")
    expect(page.locator("#records")).to_have_text(str(PEOPLE))
    page.fill("#reason", "First load <b>of everybody</b>")
    page.click("button.primary:has-text('Launch')")
    page.wait_for_url("**/jobs/*")
    page.evaluate("window.sameDocument = true")

    seen: list[float] = []
    page.wait_for_selector("#percent", timeout=30_000)
    end = time.monotonic() + JOB_SECONDS
    while "Completed" not in page.inner_text("h1"):
        assert time.monotonic() < end, page.inner_text("#main")
        seen.append(figure(page))
        page.wait_for_timeout(200)

    assert figure(page) == 100
    assert seen == sorted(seen)
    assert len(set(seen)) > 1  # it was seen to move
    assert page.evaluate("window.sameDocument") is True  # without a reload
    expect(page.locator("#main")).to_contain_text(f"{PEOPLE} of {PEOPLE} records")
    expect(page.locator("#main")).to_contain_text("First load <b>of everybody</b>")

    polls = len(watched.asked)
    page.wait_for_timeout(2500)
    assert len(watched.asked) == polls  # a job that is over is not asked for again

    page.click("#nav >> text=Candidates")
    page.fill("#q", "nurse with intensive care experience")
    page.click("text=Search the index")
    hits = page.locator("#hits tbody tr").all_inner_texts()
    assert sum("nurse" in hit.lower() or "intensive" in hit.lower() for hit in hits[:5]) >= 3
    page.click("#hits tbody tr:first-child a")
    expect(page.locator("#main")).to_contain_text("Can be found.")

    page.goto(f"{stack.url}/")
    expect(page.locator("#main")).to_contain_text("Everybody eligible is indexed.")


def test_an_alert_comes_and_goes_without_a_reload(watched: Watched, stack: Running) -> None:
    page = watched.page
    page.evaluate("window.sameDocument = true")
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        # Of a rule that there is not: the ticker leaves it alone.
        connection.execute("INSERT INTO alerts (rule, sentence, cure) VALUES ('drill', 'This is a drill.', 'Go on.')")
        page.evaluate(POLL_NOW)
        expect(page.locator("#alerts")).to_contain_text("This is a drill. Go on.")
        expect(page.locator("#nav-alerts")).to_have_text("1")

        connection.execute("UPDATE alerts SET cleared_at = clock_timestamp() WHERE rule = 'drill'")
        page.evaluate(POLL_NOW)
        expect(page.locator("#alerts li")).to_have_count(0)
    assert page.evaluate("window.sameDocument") is True
    page.goto(f"{stack.url}/alerts")
    expect(page.locator("#past")).to_contain_text("This is a drill.")


def test_everything_works_without_javascript(browser: Browser, stack: Running) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = open_page(context, stack).page
    page.goto(f"{stack.url}/sync/new")
    page.check("input[value=all]")
    page.fill("#limit", "5")
    page.click("text=Preview")
    expect(page.locator("#preview")).to_contain_text("To do")
    assert page.input_value("#limit") == "5"
    page.click("button.primary:has-text('Launch')")
    page.wait_for_url("**/jobs/*")
    expect(page.locator("h1")).to_contain_text("at most 5")
    page.goto(f"{stack.url}/candidates")
    page.check("tbody tr:first-child input")
    page.click("text=Embed chosen")
    page.wait_for_url("**/jobs/*")
    page.click("text=Theme: system")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.click("text=Theme: dark")
    page.click("text=Theme: light")
    page.click("text=Sign out")
    page.wait_for_url("**/login")
    context.close()


def test_an_admin_lets_somebody_in_and_out(browser: Browser, stack: Running) -> None:
    """Without JavaScript, and with a name that would be an attack."""
    ours, theirs = (browser.new_context(java_script_enabled=False) for _ in range(2))
    page = open_page(ours, stack).page
    page.click("#nav >> text=People")
    page.click("text=Add a person")
    page.fill("#name", ATTACK[:100])
    page.check("input[value=operator]")
    page.click("button.primary:has-text('Add')")
    expect(page.locator("h1")).to_contain_text(ATTACK[:40])
    person = replace(stack, password=page.inner_text("#made"))

    other = open_page(theirs, person, ATTACK[:100]).page
    other.click("#nav >> text=API tokens")
    other.click("text=Make a token")
    other.fill("#name", "nightly")
    other.click("button.primary:has-text('Make it')")
    expect(other.locator("#token")).to_contain_text("vigia_")
    expect(other.locator("#nav")).not_to_contain_text("People")

    page.click("text=Deactivate…")
    expect(page.locator("#main")).to_contain_text("1 API token of theirs")
    page.fill("#reason", "left")
    page.click("button.danger")
    expect(page.locator("h1")).to_contain_text("Deactivated")
    other.goto(f"{stack.url}/tokens")
    other.wait_for_url("**/login**")
    page.goto(f"{stack.url}/audit?action=person.deactivate")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("active: yes → no")
    ours.close()
    theirs.close()


def test_the_dashboard_shows_an_attack_as_text(watched: Watched, stack: Running) -> None:
    client = Redis.from_url(stack.redis_url)
    job = Queue("jobs:walk", connection=client, serializer=JSONSerializer).enqueue(
        "worker.run.run_job", ATTACK, description=ATTACK, meta={"note": ATTACK}
    )
    job.set_status(JobStatus.FAILED)
    Result.create_failure(job, ttl=600, exc_string=f"ValueError: {ATTACK}")
    FailedJobRegistry("jobs:walk", connection=client).add(job, ttl=600)
    page = watched.page

    for path in (f"0/view/job/{job.id}", "0/view/jobs/jobs:walk/failed/8/asc/1", "0/view/queues", "0/view/workers"):
        page.goto(f"{stack.url}/rq/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.attacked") is None
    page.goto(f"{stack.url}/rq/0/view/job/{job.id}")
    expect(page.locator(".exc_info")).to_have_text(f"ValueError: {ATTACK}")
    client.close()


def test_no_page_is_wider_than_the_smallest_phone(browser: Browser, stack: Running) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800}, color_scheme="dark")
    watched = open_page(context, stack)
    for path in ("/", "/jobs", "/candidates", "/failures", "/alerts", "/sync/new", "/candidates/1", "/nope"):
        watched.page.goto(stack.url + path)
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def test_the_keyboard_reaches_the_content_first(watched: Watched) -> None:
    page = watched.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


SOME_JOBS = """
    INSERT INTO jobs (id, kind, queue, title, payload, scope, status, requested_by, total, done, split_at, finished_at)
    SELECT gen_random_uuid(), 'etl.sync', 'jobs:etl', 'Old sync ' || n, '{}', 'walk-' || n, 'completed', 'walk', 5, 5,
        now(), now() FROM generate_series(1, 4) n ON CONFLICT DO NOTHING
"""


def test_ticks_survive_polls_and_become_acts_on_many(watched: Watched, stack: Running) -> None:
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(SOME_JOBS)
    page = watched.page
    page.goto(f"{stack.url}/jobs?q=user:walk")
    page.locator("tbody input").nth(0).check()
    page.locator("tbody input").nth(2).check()
    page.evaluate(POLL_NOW)
    expect(page.locator("tbody input:checked")).to_have_count(2)
    expect(page.locator("[data-count]")).to_have_text("2")

    page.click("button:has-text('Compare')")
    expect(page.locator("h1")).to_have_text("Two jobs compared")
    page.go_back()
    page.check("input[name=every]")
    page.click("button:has-text('Cancel…')")
    expect(page.locator("#main")).to_contain_text("Nothing to cancel")

    page.goto(f"{stack.url}/jobs?q=user:walk")
    page.locator("tbody input").nth(0).check()
    page.click("button:has-text('Retry…')")
    expect(page.locator("#main")).to_contain_text("1 job: nothing is left to retry")

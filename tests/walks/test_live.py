"""Pages that follow what happens: they lose nothing of their reader, jump nowhere, and know when to be silent."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page, expect

from tests.walks.browsing import POLL_NOW, Running, Watched, open_page
from tests.walks.by_hand import by_hand
from tests.walks.patience import eventually

MINUTES = 60_000
MOST_BYTES = 45_000
# A shift of 0.01 is a line of text that moves a hundredth of the window.
SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shifted += entry.value; }))
    .observe({type: "layout-shift", buffered: true});
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", {get: () => hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
MANY_JOBS = """
    INSERT INTO jobs (id, kind, queue, title, payload, scope, status, requested_by, total, done, split_at, finished_at)
    SELECT gen_random_uuid(), 'etl.sync', 'jobs:etl', 'Long ago ' || n, '{}', 'live-' || n, 'completed', 'live', 5, 5,
        now(), now() FROM generate_series(1, 40) n ON CONFLICT DO NOTHING
"""


def test_ten_polls_leave_alone_what_a_person_does_while_rows_change(watched: Watched, stack: Running) -> None:
    page = watched.page
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(MANY_JOBS)
    with by_hand(stack, title="Moves") as moving:
        page.goto(f"{stack.url}/jobs")
        page.click("#grammar summary")
        page.locator("tr:has-text('Long ago 39') input").check()
        page.locator("tr:has-text('Long ago 36') input").check()
        page.evaluate("scrollTo(0, 250)")
        page.locator("#q").evaluate("box => { box.value = 'half a word'; box.focus({preventScroll: true}); }")
        page.locator("#q").evaluate("box => box.setSelectionRange(2, 4)")
        page.evaluate("scrollTo(0, 250)")
        for n in range(10):
            moving.move(n + 1)
            with by_hand(stack, title=f"Came meanwhile {n}"):  # a row comes on top, and ends
                page.evaluate(POLL_NOW)
            expect(page.locator("tr:has-text('Moves')")).to_contain_text(f"{n + 1} / 200")

    expect(page.locator("tr:has-text('Came meanwhile')")).to_have_count(10)
    assert page.locator("tbody input:checked").count() == 2
    assert page.locator("[data-count]").inner_text() == "2"
    assert page.input_value("#q") == "half a word"
    assert page.evaluate("[document.activeElement.id, document.activeElement.selectionStart]") == ["q", 2]
    assert page.evaluate("document.activeElement.selectionEnd") == 4
    assert page.locator("#grammar").get_attribute("open") is not None
    assert page.evaluate("scrollY") >= 250  # the browser may hold the rows still, never the top


def test_a_hidden_tab_asks_nothing_and_a_job_that_ended_never_again(browser: Browser, stack: Running) -> None:
    context = browser.new_context()
    watched = open_page(context, stack)
    page = watched.page
    page.clock.install()
    with by_hand(stack) as job:
        page.goto(f"{stack.url}/jobs/{job.job.id}")
        expect(page).to_have_title(re.compile("^0 % - "))
        job.move(86)
        _tick(page)
        expect(page).to_have_title(re.compile("^43 % - "))

        page.evaluate(HIDE, True)
        watched.asked.clear()
        page.clock.run_for(5 * MINUTES)
        assert watched.asked == []

        job.end()
        with page.expect_response("**/progress"):
            page.evaluate(HIDE, False)
        expect(page).to_have_title(re.compile("^✓ Completed - "))
        expect(page.locator("#said")).to_have_text("All 200 records are done.")
        expect(page.locator("[data-poll]")).to_have_count(0)
        watched.asked.clear()
        page.clock.run_for(5 * MINUTES)
        assert watched.asked == []
        page.goto(f"{stack.url}/jobs/{job.job.id}")
        page.clock.run_for(5 * MINUTES)
        assert watched.asked == []
    context.close()
    assert watched.wrong == []


def test_states_are_said_every_ten_seconds_at_most_and_figures_never(browser: Browser, stack: Running) -> None:
    context = browser.new_context()
    page = open_page(context, stack).page
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # a slow machine shall not make the ten seconds pass by itself
    with by_hand(stack) as job:
        page.goto(f"{stack.url}/jobs/{job.job.id}")
        job.move(10)
        _tick_until(page, "#percent", "5 %")
        assert page.inner_text("#said") == ""
        job.move(10, "waiting", message="One")
        _tick_until(page, "[data-said]", "One")
        said = page.locator("#said")
        expect(said).to_contain_text("One")
        job.move(10, "waiting", message="Two")
        _tick_until(page, "[data-said]", "Two")
        expect(said).to_contain_text("One")
        page.clock.run_for(10_000)
        expect(said).to_contain_text("Two")
    context.close()


def test_nothing_jumps_while_a_page_polls(watched: Watched, stack: Running) -> None:
    page = watched.page
    with by_hand(stack, title="Steady") as job:
        for path in (f"/jobs/{job.job.id}", "/jobs?q=Steady", "/"):
            job.move(1)
            page.goto(stack.url + path)
            page.evaluate(SHIFTS)
            for n in range(10):
                job.move(10 * n + 5)
                page.evaluate(POLL_NOW)
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
            assert page.evaluate("window.shifted") < 0.01, path


def test_a_first_load_is_light(browser: Browser, stack: Running) -> None:
    """Everything that a browser without a cache fetches, packed as it comes; not its headers."""
    with by_hand(stack) as job:
        signed_in = browser.new_context()
        open_page(signed_in, stack)
        for path in ("/", "/jobs", f"/jobs/{job.job.id}", "/failures"):
            context = browser.new_context(storage_state=signed_in.storage_state())
            page = context.new_page()
            network = context.new_cdp_session(page)
            network.send("Network.enable")
            weights: dict[str, float] = {}
            network.on("Network.dataReceived", partial(_weigh, weights))
            page.goto(stack.url + path, wait_until="networkidle")
            assert len(weights) > 5
            assert sum(weights.values()) < MOST_BYTES, path
            context.close()
        signed_in.close()


def test_a_page_that_loses_its_portal_says_how_old_it_is_and_recovers(watched: Watched, stack: Running) -> None:
    page = watched.page
    page.route("**/overview/live", lambda route: route.fulfill(status=503, body="down"))
    page.evaluate(POLL_NOW)
    still = page.locator("#still")
    expect(still).to_contain_text("The portal does not answer. What you see is")
    expect(still).to_contain_text("3 s old")  # it counts up by itself
    expect(page.locator("h1")).to_have_text("Overview")

    page.unroute("**/overview/live")
    page.evaluate(POLL_NOW)
    expect(still).to_be_hidden()
    watched.wrong.clear()  # the browser itself reports the 503 that we gave


def test_a_page_whose_session_is_over_says_so_and_asks_no_more(watched: Watched, stack: Running) -> None:
    page = watched.page
    page.goto(f"{stack.url}/jobs")
    page.fill("#q", "not lost")
    page.context.clear_cookies(name="vigia")
    page.evaluate(POLL_NOW)
    expect(page.locator("#over")).to_contain_text("You are signed out.")
    assert page.input_value("#q") == "not lost"
    watched.asked.clear()
    page.evaluate("htmx.trigger(document.querySelector('[data-poll]'), 'every')")
    page.click("#over >> text=Sign in")
    page.wait_for_url("**/login?next=/jobs")
    assert watched.asked == []
    watched.wrong.clear()  # the browser itself reports the 401


def _tick(page: Page) -> None:
    with page.expect_response("**/progress"):
        page.clock.run_for(1000)


def _tick_until(page: Page, selector: str, text: str) -> None:
    """Poll on: the answer to two polls within a tenth of a second may be that nothing has changed."""

    def shown() -> bool:
        _tick(page)
        return text in page.inner_text(selector)

    eventually(shown, what=text)


def _weigh(weights: dict[str, float], event: dict[str, Any]) -> None:
    known = weights.get(event["requestId"], 0)
    weights[event["requestId"]] = known + event["encodedDataLength"]

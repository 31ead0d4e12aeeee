"""What single keys do, what they leave alone, and how they are switched off. And paper."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.walks.browsing import Running, Watched
from tests.walks.by_hand import by_hand

FOCUSED = "document.activeElement.textContent"


def test_a_person_without_a_mouse_walks_the_portal(watched: Watched, stack: Running) -> None:
    page = watched.page
    with by_hand(stack, title="Older", requested_by="keys"), by_hand(stack, title="Newer", requested_by="keys"):
        page.goto(f"{stack.url}/jobs?q=user:keys")
        page.keyboard.press("j")
        assert page.evaluate(FOCUSED) == "Newer"
        page.keyboard.press("j")
        assert page.evaluate(FOCUSED) == "Older"
        page.keyboard.press("j")  # there is none below
        page.keyboard.press("x")
        expect(page.locator("tr:has-text('Older') input")).to_be_checked()
        expect(page.locator("[data-count]")).to_have_text("1")
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Newer")

    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/candidates")
    page.keyboard.press("/")
    page.keyboard.type("gj?x/")
    assert page.input_value("#q") == "gj?x/"
    assert page.locator("dialog").count() == 0


def test_the_list_of_keys_lies_over_any_page_and_switches_them_off(watched: Watched, stack: Running) -> None:
    page = watched.page
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("Next row")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("?")
    page.uncheck("dialog >> [data-keys]")
    page.click("dialog button")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_hidden()
    assert page.url == f"{stack.url}/"

    page.click("#nav >> text=Keyboard")
    expect(page.locator("[data-keys]")).not_to_be_checked()
    page.check("[data-keys]")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url("**/jobs")


def test_a_job_that_is_over_fits_on_one_sheet(watched: Watched, stack: Running) -> None:
    page = watched.page
    with by_hand(stack) as job:
        job.end()
        page.goto(f"{stack.url}/jobs/{job.job.id}")
    for size in ("A4", "Letter"):
        sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format=size))
        assert len(sheets) == 1, size

"""Stories of an operator in a browser, on a stack whose provider is the stand-in.

`STORY_PEOPLE=3000 STORY_CLICKS=40 STORY_PICTURES=/tmp/story pytest tests/walks/test_stories.py` tells the first at its
full size, all of it by clicks, and takes a picture of each step in both themes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.standins.cohere import CohereStandIn
from tests.walks.browsing import Running, Watched, flawless, running
from tests.walks.spoil import REFUSED, spoil

PICTURES = os.environ.get("STORY_PICTURES")
CLICKS = int(os.environ.get("STORY_CLICKS", "4"))  # mended by hand; a script mends the others
JOB_MS = 90_000.0


@dataclass(frozen=True)
class Cause:
    """One of the three: its words, how many have it, the reason given, which box mends it, and how."""

    words: str
    people: int
    reason: str
    box: str
    mend: Callable[[str], str]


CAUSES = (
    Cause(
        "Cohere refuses the text",
        24,
        "the texts could not be processed",
        "summary",
        lambda text: text.replace(REFUSED, "años"),
    ),
    Cause(
        "The record cannot be read",
        10,
        "nested too deeply to be read",
        "experience",
        lambda text: '[{"title": "Ward nurse", "years": 4}]',
    ),
    Cause(
        "The profile has no text",
        6,
        "no text to search by",
        "summary",
        lambda text: "Ward nurse with four years in intensive care.",
    ),
)


class Album:
    """Takes a picture of each step in both themes, where somebody wants them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taken = 0

    def __call__(self, name: str) -> None:
        self.taken += 1
        if not PICTURES:
            return
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            self.page.evaluate("scrollTo(0, 0)")
            path = Path(PICTURES) / f"{self.taken:02}-{name}-{theme}.png"
            self.page.screenshot(path=path, full_page=True, animations="disabled")
        self.page.emulate_media(color_scheme="light")


@pytest.mark.timeout(900 if PICTURES else 300)
def test_forty_bad_records_of_three_causes_are_found_mended_and_indexed(
    operator_page: Watched, paid: Running, spoilt: None
) -> None:
    page, album = operator_page.page, Album(operator_page.page)
    page.click("text=Launch a sync")
    page.click("button.primary:has-text('Launch')")
    expect(page.locator("h1")).to_contain_text("Completed with errors", timeout=JOB_MS)
    expect(page.locator("#main")).to_contain_text("40 of ")
    album("the-sync-ends")

    page.click("a.brand")
    expect(page.locator("#main")).to_contain_text("40 records were set aside")
    album("overview")
    page.click("text=See causes")
    expect(page.locator("tfoot")).to_contain_text("40 3 causes", use_inner_text=True)
    album("causes")
    for cause in CAUSES:
        row = page.locator("tbody tr", has_text=cause.words).first
        expect(row.locator("td").first).to_have_text(str(cause.people))
    for cause in CAUSES:
        mend_group(page, album, paid, cause)
        page.click("#nav >> text=Failures")
    expect(page.locator("#main")).to_contain_text("Nothing is set aside")
    album("nothing-is-set-aside")
    page.click("a.brand")
    expect(page.locator("#main")).to_contain_text("Everybody eligible is indexed.", timeout=JOB_MS)
    album("overview-again")


def mend_group(page: Page, album: Album, paid: Running, cause: Cause) -> None:
    """From the group to one record, its text and its reason; mend it, mend the others, and retry them all."""
    page.click(f"#causes th >> text={cause.words}")
    expect(page.locator("#h-records")).to_have_text(f"{cause.words}: {cause.people} records")
    album("group")
    page.click("#list tbody tr:first-child th a")
    expect(page.locator("#record")).to_contain_text(cause.reason)
    album("record")
    page.click("#record >> text=Mend…")
    mend_one(page, cause, album)
    album("one-is-mended")
    for _ in range(min(cause.people, CLICKS) - 1):
        page.click("#list tbody >> text=Mend… >> nth=0")
        mend_one(page, cause)
    for number in to_mend(page):
        mend_by_script(paid, number, cause)
    page.reload()
    expect(page.locator("#list tbody >> text=Mend…")).to_have_count(0)
    album("all-are-mended")
    page.click(f"#causes tr:has-text('{cause.words}') >> button:has-text('Retry {cause.people}')")
    expect(page.locator("h1")).to_contain_text("Completed", timeout=JOB_MS)
    expect(page.locator("#main")).to_contain_text(f"All {cause.people} records are done.")
    album("retried")


def mend_one(page: Page, cause: Cause, album: Album | None = None) -> None:
    box = page.locator(f"#{cause.box}")
    expect(page.locator("#h-why")).to_have_text("Why it is set aside")
    if album:
        album("mend")
    box.fill(cause.mend(box.input_value()))
    page.click("button.primary:has-text('Save')")
    expect(page.locator(".said")).to_contain_text("Mended:")


def to_mend(page: Page) -> list[str]:
    """Give the numbers of the people of this group that are not mended yet, which fit on one page."""
    links = page.locator("#list tbody >> text=Mend…").all()
    return [re.findall(r"/candidates/(\d+)/", str(link.get_attribute("href")))[0] for link in links]


def mend_by_script(paid: Running, number: str, cause: Cause) -> None:
    with psycopg.connect(paid.database_url) as connection:
        summary = connection.execute("SELECT summary FROM candidates WHERE id = %s", [number]).fetchone()
    mended = cause.mend((summary or ("",))[0] or "")
    headers = {"Authorization": f"Bearer {paid.admin_token}"}
    address = f"{paid.url}/v1/admin/candidates/{number}"
    version = httpx.get(address, headers=headers).json()["updated_at"]
    value = [{"title": "Ward nurse"}] if cause.box == "experience" else mended
    body = {"version": version, "texts": {cause.box: value}, "reason": "mended at the source"}
    httpx.post(f"{address}/corrections", headers=headers, json=body).raise_for_status()


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack on the stand-in of a provider that refuses some texts; nobody is indexed before a walk does it."""
    home, people = tmp_path_factory.mktemp("paid") / "vigia", int(os.environ.get("STORY_PEOPLE", "300"))
    with CohereStandIn(latency=0.02) as cohere:
        cohere.script.markers.append(REFUSED)
        account = {"COHERE_API_KEY": "key-of-the-tests", "COHERE_BASE_URL": cohere.url}
        pace = {"EMBED_DIMENSION": "256", "EMBED_INPUTS_PER_MINUTE": "0"}
        with running(home, people, "cohere", **account, **pace) as stack:
            yield stack


@pytest.fixture
def operator_page(browser: Browser, paid: Running) -> Iterator[Watched]:
    """A page of the paid stack, on which nothing may go wrong."""
    with flawless(browser, paid) as watched:
        yield watched


@pytest.fixture
def spoilt(paid: Running) -> None:
    """Forty of the sample people cannot be indexed as they are."""
    spoil(paid.database_url)

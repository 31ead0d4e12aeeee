"""Every page of the route table, furnished with attacks, in both languages and both themes.

Nothing of it runs or breaks: axe finds nothing serious, the console stays empty, nobody else's host is asked, and no
page is wider than a screen or a phone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.routing import Rule

from core.settings import Settings
from tests.walks.browsing import Running, Watched, open_page
from tests.walks.furniture import ATTACK, furnished
from webapp import close, create_app

BAD = {"serious", "critical"}
NO_PAGES = ("health.", "api.", "rq_dashboard.", "static", "finds.")
# What the colours and the words of a page can break; the rest is the same in every theme and language.
THEMED = [
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "html-has-lang",
    "html-lang-valid",
    "valid-lang",
    "document-title",
    "link-name",
    "button-name",
    "label",
    "select-name",
    "svg-img-alt",
]
AXE = """(rules) => axe.run(rules ? {runOnly: rules} : {}).then((found) => found.violations.map((one) => [
    one.impact, one.id, one.nodes.length, one.nodes[0].html.slice(0, 300), one.nodes[0].failureSummary.slice(0, 300),
]))"""
WIDTH = "() => document.documentElement.scrollWidth"
EXTRAS = (
    "/nope",
    "/jobs/00000000-0000-0000-0000-000000000000",
    "/jobs?q=status:failed",
    "/jobs?q=nonsense:1",
    "/jobs?status=running",
    "/failures?all=1",
    "/candidates?state=failed",
    "/candidates?text=zebra",
    "/candidates?q=nurse",
    "/audit?who=nobody",
    "/sync/new?scope=ids",
)
HOSTILE = (
    "/jobs?q={0}",
    "/jobs?status={0}&cursor={0}",
    "/candidates?text={0}&location={0}&skills={0}&min_years={0}",
    "/candidates?q={0}",
    "/candidates?state={0}",
    "/failures?cause={0}",
    "/failures?job={0}",
    "/audit?who={0}&action={0}&target={0}&after={0}",
    "/costs?by={0}&from={0}&to={0}",
    "/find?q={0}",
    "/queues/{0}/pauses/new",
    "/workers/{0}/drains/new",
    "/launches/{0}/new",
    "/jobs/compare?a={0}&b={0}",
    "/people?q={0}&cursor={0}",
    "/{0}",
)


@pytest.fixture(scope="module")
def known(stack: Running) -> Iterator[dict[str, Any]]:
    with furnished(stack.database_url) as known:
        headers = {"Authorization": f"Bearer {stack.admin_token}"}
        workers = httpx.get(f"{stack.url}/v1/admin/workers", headers=headers).json()["items"]
        yield known | {"worker": workers[0]["name"]}


@pytest.fixture(scope="module")
def addresses(stack: Running, known: dict[str, Any]) -> list[str]:
    """The address of every page that a person can open, and of some in other states."""
    app = create_app(
        Settings(database_url=stack.database_url, redis_url=stack.redis_url, qdrant_url=stack.url, secret_key="s" * 32)
    )
    found = [address(app, rule, known) for rule in app.url_map.iter_rules() if is_page(app, rule)]
    close(app)
    assert len(found) > 30
    return [*found, *(f"/jobs/{known['jobs'][state]}" for state in ("queued", "running", "failed")), *EXTRAS]


def is_page(app: Flask, rule: Rule) -> bool:
    """Leave out what is no page: polls, files, and what sends elsewhere."""
    view = app.view_functions[rule.endpoint]
    polled = getattr(view, "is_poll", False)
    return (
        "GET" in (rule.methods or ())
        and not polled
        and "ending" not in rule.arguments
        and not rule.endpoint.startswith(NO_PAGES)
    )


def address(app: Flask, rule: Rule, known: dict[str, Any]) -> str:
    names = {"queues": "jobs:etl", "workers": known["worker"], "launches": "etl.sync"}
    values = known | {"name": names.get(rule.endpoint.partition(".")[0], "")}
    path: str = app.url_map.bind("localhost").build(rule.endpoint, {name: values[name] for name in rule.arguments})
    return path


@pytest.mark.timeout(600)  # sixty pages, each looked at closely
@pytest.mark.parametrize(
    ("language", "theme", "every"),
    [("en-GB", "light", 1), ("es-ES", "dark", 1), ("en-GB", "dark", 24), ("es-ES", "light", 24)],
)
def test_no_page_breaks_for_anybody(
    browser: Browser, stack: Running, addresses: list[str], language: str, theme: str, every: int
) -> None:
    context = browser.new_context(locale=language, color_scheme=theme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]
    context.add_init_script(AXE_SCRIPT)
    watched = open_page(context, stack)
    wrong: list[str] = []
    for path in addresses[::every]:
        wrong += look(watched, stack.url + path, THEMED if theme == "dark" else None)
    context.close()
    assert not wrong, "\n".join(wrong)


def look(watched: Watched, url: str, rules: list[str] | None = None) -> list[str]:
    """Open a page and say what is wrong with it, by these rules of axe or by all."""
    page = watched.page
    status = getattr(page.goto(url), "status", 0)
    here = f"{url[:90]} ({status})"
    found = [f"{here}: {one}" for one in page.evaluate(AXE, rules) if one[0] in BAD]
    found += [f"{here}: {wide} px wide on {width}" for width, wide in widths(page) if wide > width]
    if page.evaluate("window.attacked"):
        found.append(f"{here}: an attack ran")
    # The browser itself reports a page that is not there.
    found += [f"{here}: {wrong}" for wrong in watched.wrong if status < 400 or "Failed to load resource" not in wrong]
    watched.wrong.clear()
    return found


def widths(page: Page) -> list[tuple[int, int]]:
    measured = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        measured.append((width, page.evaluate(WIDTH)))
    return measured


def test_the_login_page_is_open_to_everybody(browser: Browser, stack: Running) -> None:
    context = browser.new_context(locale="es-ES")
    context.add_init_script(AXE_SCRIPT)
    watched = Watched(context.new_page())
    watched.watch()
    assert look(watched, f"{stack.url}/login") == []
    context.close()


def test_no_address_breaks_a_page(browser: Browser, stack: Running, known: dict[str, Any]) -> None:
    context = browser.new_context(
        user_agent=ATTACK.encode("ascii", "ignore").decode().replace("\x07", "").replace("\x1b", "")
    )
    context.add_init_script(AXE_SCRIPT)
    watched = open_page(context, stack)
    wrong: list[str] = []
    for form in HOSTILE:
        for words in (ATTACK, "W" * 900, "%00%ff"):
            wrong += look(
                watched, stack.url + form.format(quote(words, safe="%" if words.startswith("%") else "")), ["label"]
            )
    context.close()
    assert not wrong, "\n".join(wrong)

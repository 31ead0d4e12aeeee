"""A stack as `vigia up` starts it, and a browser that notes everything that no page of ours may do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from tests.walks.patience import eventually

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 180
PEOPLE = 400  # of the stack that most walks share

# Asks as the timer does, and waits until the answer is on the page.
POLL_NOW = """() => new Promise((done) => {
  document.addEventListener("htmx:finally:request", (event) => done(event.type), {once: true});
  htmx.trigger(document.querySelector("[data-poll]"), "every");
})"""


@dataclass
class Running:
    """The stack under test, and the password it told."""

    url: str
    redis_url: str
    database_url: str
    admin_token: str
    password: str


@contextmanager
def running(home: Path, people: int, embedder: str, **environment: str) -> Iterator[Running]:
    """Run a stack with sample people, none of whom is indexed yet."""
    log = home.with_suffix(".log")
    options = ["--home", str(home), "--port", "0", "--workers", "1", "--sample", str(people), "--no-sync"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.cli", "up", *options, "--embedder", embedder],
            stdout=out,
            stderr=out,
            env=os.environ | {"OPS_PORT": "0"} | environment,  # the usual one may be another stack's in a moment
        )
    try:
        ready = home / "stack.json"
        eventually(lambda: ready.exists() or process.poll() is not None, seconds=START_SECONDS, what="the stack")
        assert ready.exists(), log.read_text()
        told = json.loads(ready.read_text())
        found = re.search(r"with the password (\S+)", log.read_text())
        assert found is not None, log.read_text()
        names = ("portal_url", "redis_url", "database_url", "admin_token")
        yield Running(*(told[name] for name in names), password=found[1])
    finally:
        process.terminate()
        process.wait(60)


@dataclass
class Watched:
    """A page, and everything on it that no page of ours may have."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # polls

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"a dialog: {dialog.message}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        if request.url.endswith(("/progress", "/live")):
            self.asked.append(request.url)
        if not request.url.startswith(("http://127.0.0.1:", "data:")):
            self.wrong.append(f"{self.page.url} asks {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.wrong.append(f"{response.status} {response.url}")


@contextmanager
def flawless(browser: Browser, stack: Running) -> Iterator[Watched]:
    """An admin's page on which nothing may go wrong, seen or unseen."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Madrid")
    watched = open_page(context, stack)
    yield watched
    context.close()
    assert watched.wrong == []


def open_page(context: BrowserContext, stack: Running, name: str = "admin") -> Watched:
    """Sign in, in a tab of its own."""
    watched = Watched(context.new_page())
    watched.watch()
    watched.page.goto(f"{stack.url}/login")
    watched.page.fill("#username", name)
    watched.page.fill("#password", stack.password)
    watched.page.click("button.primary")
    watched.page.wait_for_url(f"{stack.url}/")
    return watched

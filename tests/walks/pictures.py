"""The pictures in docs/, taken of a stack with real rows in it: `make pictures`.

The stack runs on the stand-in for Cohere, which is slow enough to watch. Half the people are indexed before, the other
half are being indexed while the pictures of a running job are taken.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.standins.cohere import CohereStandIn
from tests.walks.browsing import CHROMIUM, FLAGS, Running, open_page, running
from tests.walks.patience import eventually
from tests.walks.spoil import REFUSED, spoil

PICTURES = Path(sys.argv[1] if sys.argv[1:] else Path(__file__).parents[2] / "docs" / "pictures")
PEOPLE = 3000
ZONE = "Europe/Madrid"
# A third of the size of the PNG, and no eye sees the difference.
PRESS = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = Object.assign(document.createElement("canvas"), {width: image.width, height: image.height});
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.9).split(",")[1];
}"""
SCREEN, PHONE = (1280, 860), (390, 844)
EDITED = """
    UPDATE candidates SET summary = summary || ' Available from January.'
    WHERE id IN (SELECT record_id FROM index_state ORDER BY record_id LIMIT 24)
"""
PAST = """
    INSERT INTO spend (job_id, model, day, calls, inputs, tokens)
    SELECT gen_random_uuid(), 'embed-v4.0', current_date - n, tokens / 27000, tokens / 300, tokens
    FROM (SELECT n, 1500000 + (n * 37 % 11) * 800000 AS tokens FROM generate_series(1, 40) n) days
"""
GONE = "UPDATE candidates SET opted_out = true WHERE id IN (SELECT max(record_id) FROM index_state)"


@dataclass(frozen=True)
class Picture:
    """One picture: where it is taken, in which clothes."""

    name: str
    path: str
    language: str = "en-GB"
    theme: str = "light"
    size: tuple[int, int] = SCREEN


class Script:
    """The API of the stack, as a program uses it."""

    def __init__(self, stack: Running, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token or stack.admin_token}"}
        self.client = httpx.Client(base_url=f"{stack.url}/v1/admin", headers=headers, timeout=30)

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(path, json=body).raise_for_status().json()

    def launched(self, path: str, **body: Any) -> str:
        return str(self.post(path, **body)["job_id"])

    def wait_over(self, job_id: str) -> None:
        eventually(lambda: self.get(f"/jobs/{job_id}")["finished_at"], seconds=600, what=f"the end of {job_id}")

    def wait_share(self, job_id: str, share: float) -> None:
        """Wait until this share of a job is done."""

        def done() -> bool:
            return (self.get(f"/jobs/{job_id}")["progress"]["percent"] or 0) >= share

        eventually(done, seconds=180, what=f"{share} % of {job_id}")


def main() -> None:
    """Take them all, into docs/pictures."""
    PICTURES.mkdir(exist_ok=True)
    with ExitStack() as all_of_it:
        cohere = all_of_it.enter_context(CohereStandIn(latency=0.2))
        cohere.script.markers.append(REFUSED)
        home = Path(all_of_it.enter_context(tempfile.TemporaryDirectory())) / "vigia"
        stack = all_of_it.enter_context(running(home, PEOPLE, "cohere", **account(cohere)))
        playwright = all_of_it.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(browser, stack, cohere)
        browser.close()


def account(cohere: CohereStandIn) -> dict[str, str]:
    pace = {"EMBED_DIMENSION": "256", "EMBED_INPUTS_PER_MINUTE": "0", "EMBED_CONCURRENCY": "2"}
    return pace | {"COHERE_API_KEY": "key-of-the-tests", "COHERE_BASE_URL": cohere.url, "MONTHLY_BUDGET": "25"}


def take(browser: Browser, stack: Running, cohere: CohereStandIn) -> None:
    """Live through a morning, and take the pictures on the way."""
    script = Script(stack)
    spoil(stack.database_url)
    nightly = Script(stack, script.post("/tokens", name="nightly-import", scopes=["operate"])["token"])
    first = nightly.launched("/etl/sync", limit=PEOPLE // 2, reason="the import of tonight")
    nightly.wait_over(first)
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(EDITED)
        connection.execute(GONE)
        connection.execute(PAST)
    for n, count in enumerate((3, 12, 40, 1)):
        script.wait_over(
            script.launched("/etl/embeddings", candidate_ids=list(range(n * 100 + 1, n * 100 + 1 + count)))
        )
    nightly.wait_over(nightly.launched("/etl/sync", filter={"location": "Madrid"}))
    dropped = script.launched("/etl/embeddings", candidate_ids=list(range(500, 900)), force=True)
    script.post(f"/jobs/{dropped}/cancellations", reason="the wrong people")
    script.post("/queues/jobs:maintenance/pauses", reason="the tables are being copied until noon")
    camera = Camera(browser, stack)
    failures = script.get("/failures?group=none&cause=text_refused")["items"]
    failure = next((one for one in failures if not one["full_name"].isascii()), failures[0])
    camera.take(Picture("failures", f"/failures?cause=text_refused&record={failure['id']}"))
    camera.take(Picture("candidate", f"/candidates/{failure['record_id']}", language="es-ES"))
    camera.take(Picture("launch", "/sync/new", theme="dark"))
    camera.take(Picture("job-finished", f"/jobs/{first}"))
    cohere.script.latency = 1.5
    second = nightly.launched("/etl/sync", reason="the rest of the import")
    script.wait_share(second, 20)
    camera.take(Picture("overview", "/"))
    camera.take(Picture("job-running", f"/jobs/{second}", theme="dark"))
    camera.take(Picture("jobs", "/jobs"))
    camera.take(Picture("phone", "/", language="es-ES", theme="dark", size=PHONE))
    camera.take(Picture("queues", "/queues"))
    cohere.script.latency = 0.0
    script.wait_over(second)
    camera.take(Picture("costs", "/costs", theme="dark"))


class Camera:
    """A browser that has signed in once, and changes its clothes."""

    def __init__(self, browser: Browser, stack: Running) -> None:
        self.browser = browser
        self.stack = stack
        context = browser.new_context(timezone_id=ZONE)
        open_page(context, stack)
        self.signed_in = context.storage_state()
        context.close()
        self.press = browser.new_page()

    def take(self, picture: Picture) -> None:
        width, height = picture.size
        context: BrowserContext = self.browser.new_context(
            storage_state=self.signed_in,
            locale=picture.language,
            color_scheme=picture.theme,  # type: ignore[arg-type]
            viewport={"width": width, "height": height},
            timezone_id=ZONE,
        )
        page: Page = context.new_page()
        page.goto(self.stack.url + picture.path, wait_until="networkidle")
        taken = base64.b64encode(page.screenshot(animations="disabled")).decode()
        context.close()
        (PICTURES / f"{picture.name}.webp").write_bytes(base64.b64decode(self.press.evaluate(PRESS, taken)))


if __name__ == "__main__":
    main()

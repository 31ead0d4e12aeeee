"""What runs from right to left, or says so, turns round nothing beside it: no page puts it bare beside other words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.models import QueuePause
from tests.webapp import factories
from tests.webapp.conftest import Visitor
from tests.webapp.spoken_rows import NAME, TOLD, fill
from tests.webapp.test_spanish import addresses
from webapp import i18n
from webapp.sentences import local

TURNED = "\N{RIGHT-TO-LEFT OVERRIDE}"
PEOPLES = {NAME, f"{NAME} 2", TOLD}
# What people write; codes of ours stand elsewhere.
WRITTEN = {
    "alerts": ("sentence", "cure", "subject"),
    "api_tokens": ("name",),
    "audit_events": ("actor", "reason", "target"),
    "candidates": ("full_name", "headline", "location", "status", "summary"),
    "failures": ("reason", "note"),
    "job_events": ("message",),
    "jobs": ("title", "message", "reason", "requested_by"),
    "parts": ("holder", "message"),
    "people": ("name",),
    "search_checks": ("requested_by",),
    "worker_orders": ("given_by", "reason"),
}
VOID = {"br", "hr", "img", "input", "link", "meta", "use", "rect", "path", "line", "polyline", "polygon", "col", "wbr"}
LINES = {"br", "p", "div", "td", "th", "li", "dd", "dt", "h1", "h2", "h3", "tr", "table", "section", "ul", "dl", "pre"}


@dataclass
class Element:
    tag: str
    kids: list[Element | str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return "".join(kid if isinstance(kid, str) else kid.words for kid in self.kids).strip()


class Tree(HTMLParser):
    """Reads a page into its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.within = [Element("body")]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Element(tag)
        self.within[-1].kids.append(found)
        if tag not in VOID:
            self.within.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within[-1].kids.append(Element(tag))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        self.within[-1].kids.append(data)


def bare(element: Element) -> Iterator[str]:
    """Name the lines where words that turn stand in no element of their own."""
    line: list[Element | str] = []
    for kid in [*element.kids, Element("br")]:
        if isinstance(kid, str) or kid.tag not in LINES:
            line.append(kid)
            continue
        said = [(one, one.strip() if isinstance(one, str) else one.words) for one in line]
        shown = [words for _, words in said if words]
        turned = [words for one, words in said if isinstance(one, str) and TURNED in words]
        if turned and (len(shown) > 1 or turned[0].replace(TURNED, "") not in PEOPLES):
            yield " ".join(shown)
        line = []
    inner = [kid for kid in element.kids if isinstance(kid, Element) and kid.tag != "title"]  # of the window
    yield from (found for kid in inner for found in bare(kid))


@pytest.fixture
def rows(session: Session) -> dict[str, Any]:
    """Something of everything; whatever people wrote of it begins with an override."""
    made = fill(session)
    session.add(QueuePause(queue="jobs:maintenance", paused_by=NAME, reason=TOLD))
    factories.make_act(session, actor=NAME, target=TOLD, reason=TOLD, before={TOLD: NAME}, after={TOLD: TOLD})
    session.flush()
    session.execute(text("UPDATE candidates SET location = :told, status = :told"), {"told": TOLD})
    session.execute(
        text("UPDATE failures SET note = :told, status = 'discarded' WHERE cause = 'text_empty'"), {"told": TOLD}
    )
    for table, columns in WRITTEN.items():
        turn = ", ".join(
            f"{one} = replace(replace({one}, :name, :turned || :name), :told, :turned || :told)" for one in columns
        )
        session.execute(text(f"UPDATE {table} SET {turn}"), {"name": NAME, "told": TOLD, "turned": TURNED})
    session.commit()
    return made


def test_no_page_puts_words_that_turn_beside_others(
    app: Flask, visitor: Callable[..., Visitor], rows: dict[str, Any]
) -> None:
    reader = visitor("admin")
    pages = {
        path: reader.get(path.format(**rows)).text for path in [*addresses(app), "/failures?all=1&status=any&record=1"]
    }

    assert [f"{path}: {line}" for path, page in pages.items() for line in bare(Tree(page).within[0])] == []
    assert sum(TURNED in page for page in pages.values()) > 20


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Marta Ibáñez", "Marta Ibáñez"),
        ("\u202egnp.exe", "\u2068gnp.exe\u2069"),
        ("\u2069\u202eevil", "\u2068evil\u2069"),
        ("דנה לוי", "\u2068דנה לוי\u2069"),
    ],
)
def test_a_sentence_keeps_its_order_around_any_name(app: Flask, value: str, shown: str) -> None:
    with app.test_request_context():
        assert i18n.gettext("There is nobody called %(name)s.", name=value) == f"There is nobody called {shown}."
        assert local(f"{value} cancelled the job: {value}") == f"{shown} cancelled the job: {shown}"
        template = app.jinja_env.from_string("{{ _('by %(name)s', name=name) }}")
        assert template.render(name=value) == f"by {shown}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("\u2069\u202eevil", "\u202eevil"), ("\u2067a\u2069b\u2069", "\u2067a\u2069b"), ("<\u2069i>", "&lt;i&gt;")],
)
def test_no_value_ends_the_isolation_of_its_element(app: Flask, value: str, shown: str) -> None:
    assert app.jinja_env.from_string("{% autoescape true %}{{ value }}{% endautoescape %}").render(value=value) == shown

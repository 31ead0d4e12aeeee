"""Rules of the house for templates: they compile, are used, small, translated, and carry no script of their own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from flask import Flask
from sqlalchemy.orm import Session

from tests.house.test_routes import address, app, known, needs, ours, session, signed_in  # noqa: F401  (fixtures)

ROOT = Path(__file__).parents[2] / "webapp"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NAMES = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
OPTIONAL = {"rect", "path", "use", "line", "polygon", "polyline", "circle"}  # SVG, closed by />
LONGEST = 80
# Parts of a dashboard that is not ours, whose words are English.
FOREIGN = ("rq_dashboard/",)


def test_every_template_compiles(app: Flask) -> None:  # noqa: F811
    for name in NAMES:
        assert app.jinja_env.get_template(name)


def test_no_template_is_unused() -> None:
    words = "".join(path.read_text() for path in [*ROOT.rglob("*.py"), *TEMPLATES])
    unused = [name for name in NAMES if f'"{name}"' not in words and not name.startswith(FOREIGN)]

    assert unused == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_every_template_is_short_and_clean(path: Path) -> None:
    text = path.read_text()

    assert len(text.splitlines()) <= LONGEST
    assert not re.search(r"\|\s*safe", text)
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert "http://" not in text and "https://" not in text
    if not str(path).endswith("rq_dashboard/base.html") and "rq_dashboard" not in str(path):
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize(
    "path", [path for path, name in zip(TEMPLATES, NAMES, strict=True) if not name.startswith(FOREIGN)], ids=str
)
def test_every_word_for_people_can_be_translated(path: Path) -> None:
    bare = re.sub(r"<(pre|code)\b.*?</\1>", " ", path.read_text(), flags=re.S)  # what people type, not read
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<title>.*?</title>", " ", bare, flags=re.S)
    bare = re.sub(r"</?\w+[^<>]*>|[a-z-]+=\"[^\"]*\"", " ", bare)
    left = set(re.findall(r"[A-Za-zÀ-ÿ]{3,}", bare)) - {"Vigía", "doctype", "html", "API", "openapi", "json"}

    assert left == set()


def test_the_words_can_be_extracted() -> None:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}
    found = {
        message if isinstance(message, str) else message[0]
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT, methods, keywords=keywords)
    }

    assert {"Needs attention", "Running", "%(n)s active", "PostgreSQL does not answer", "%(num)s cause"} <= found


class Reader(HTMLParser):
    """Reads a page as a strict browser would: what is opened is closed, ids are there once."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.headings: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        names = [name for name, _value in attrs]
        if len(names) != len(set(names)):
            self.wrong.append(f"<{tag}> says something twice: {names}")
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "label" and given.get("for"):
            self.labels.add(str(given["for"]))
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.controls.append(given | {"inside": "label" if "label" in self.open else ""})
        if tag in ("h1", "title") and "svg" not in self.open:
            self.headings.append(tag)
        if tag not in VOID | OPTIONAL:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID | OPTIONAL:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing, at {self.getpos()}")


def test_every_page_is_sound(app: Flask, session: Session, known: dict[str, object]) -> None:  # noqa: F811
    visitor = signed_in(app, session, "admin")
    pages = 0
    for rule in ours(app):
        if not needs(app, rule).startswith("role:") or "GET" not in (rule.methods or set()):
            continue
        answer = visitor.get(address(app, rule, known))
        if answer.status_code != 200 or "<html" not in answer.text:
            continue
        pages += 1
        reader = Reader()
        reader.feed(answer.text)
        assert (reader.wrong, reader.open) == ([], []), rule.rule
        assert reader.headings == ["title", "h1"], rule.rule
        assert len(reader.ids) == len(set(reader.ids)), rule.rule
        for control in reader.controls:
            named = control.get("id") in reader.labels or control["inside"] or control.get("aria-label")
            assert named, (rule.rule, control)
    assert pages >= 10

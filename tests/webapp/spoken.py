"""What a page says to people, word by word."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Reader(HTMLParser):
    """Reads what a page says to people: its text, and what is said of pictures and fields; nothing that is code."""

    SILENT = frozenset({"script", "style", "pre", "code", "symbol"})
    SPOKEN = frozenset({"aria-label", "title", "placeholder", "alt"})
    VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "use", "rect", "path", "line", "polyline", "polygon"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.within: list[bool] = [False]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = self.within[-1] or tag in self.SILENT or "mono" in (given.get("class") or "").split()
        if not silent:
            self.said += [value for name, value in attrs if name in self.SPOKEN and value]
        if tag not in self.VOID:
            self.within.append(silent)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self.within.pop()

    def handle_data(self, data: str) -> None:
        if not self.within[-1]:
            self.said.append(data)


def words(page: str) -> set[str]:
    """Give the words of a page; neither codes, `jobs:etl`, nor commands, `vigia import FILE`, nor ids are."""
    said = re.sub(r"\w+[:._=]\S+|vigia [a-z]+( [A-Z]+)?", " ", " ".join(Reader(page).said))
    return set(re.findall(r"\b[^\W\d_]{2,}\b", said))

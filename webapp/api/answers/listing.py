"""What the answers have in common: values by their attributes, and pages of lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from webapp.queries.page import Page

T = TypeVar("T")
R = TypeVar("R")


class Answer(BaseModel):
    """An object made from one of ours by its attributes."""

    model_config = ConfigDict(from_attributes=True)


class Listing(BaseModel, Generic[T]):
    """A page of a list: `next` is the cursor of the page after it; `total` may be an estimate above 10,000."""

    items: list[T]
    next: str | None = Field(description="Send it as `cursor` for the page after this one; null on the last.")
    total: int
    total_exact: bool

    @classmethod
    def of(cls, page: Page[R], item: Callable[[R], T]) -> Any:
        """Write a page of values as a page of answers."""
        items = [item(value) for value in page.items]
        return cls(items=items, next=page.next, total=page.total, total_exact=page.total_exact)

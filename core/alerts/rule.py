"""What a rule is, what it sees, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from redis import Redis
from sqlalchemy.orm import Session, sessionmaker

from core.settings import Settings

MOST = 100  # conditions of one rule; whoever has more of them needs no list


@dataclass(frozen=True, slots=True)
class Scene:
    """What the rules look at. `silent` names the engines that do not answer now."""

    settings: Settings
    sessions: sessionmaker[Session]
    redis: Redis
    silent: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """Something is wrong with `subject` now: a sentence for people, and what they can do about it."""

    subject: str
    sentence: str
    cure: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`look` gives what is wrong now, one condition a subject, or raises what keeps it from knowing.

    A condition must last `patience` seconds before it is told, and be gone for `calm` seconds before it counts as
    over. `page` is where the portal shows more of it. Worse ones are shown first.
    """

    name: str
    look: Callable[[Scene], Iterable[Condition]]
    page: str
    worse: bool = True
    patience: float = 0
    calm: float = 0

    def page_of(self, subject: str) -> str:
        """Give the path of the portal's page for one subject."""
        return self.page.format(subject=subject)

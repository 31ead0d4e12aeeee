"""The search over the index as the portal shows it: the hits, or one sentence that says why there are none."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog

from core.errors import AppError, Invalid, Unavailable
from core.search import Found, search
from webapp.i18n import gettext as _

SHOWN = 20
log = structlog.stdlib.get_logger("portal")


@dataclass(frozen=True, slots=True)
class Answer:
    """`trouble` is set when the search could not be made; `took_ms` is what the reader waited."""

    items: tuple[Found, ...] = ()
    model: str = ""
    took_ms: float = 0.0
    trouble: str = ""


def ask(question: str) -> Answer:
    """Search; a question that cannot be asked now is an answer too, for the page around it still works."""
    began = time.perf_counter()
    try:
        found = search(question, limit=SHOWN)
    except Invalid as error:
        return Answer(trouble=str(error))
    except Unavailable as error:
        return Answer(trouble=str(error) or _("The index does not answer. Try again in a moment."))
    except AppError as error:
        log.warning("search failed", code=error.code)
        return Answer(trouble=str(error))
    return Answer(found.items, found.model, (time.perf_counter() - began) * 1000)

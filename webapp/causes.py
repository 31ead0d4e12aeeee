"""What the codes of failures mean, in words. A code without an entry is shown as it is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.states import WHY

CAUSES = {
    "record_unreadable": _("The record cannot be read"),
    "text_empty": _("The profile has no text"),
    "text_refused": _("Cohere refuses the text"),
    "text_too_long": _("The text is longer than the model takes"),
    "text_not_unicode": _("The text cannot be written as UTF-8"),
    "text_without_meaning": _("The model finds nothing in the text"),
    "part_kills_worker": _("The part ended its worker each time"),
    "claim_stuck": _("Another worker has been paying for the same text for too long"),
    "cohere_timeout": _("Cohere did not answer in time"),
    "cohere_unreachable": _("Cohere cannot be reached"),
    "cohere_rate_limited": _("Cohere refused: too many requests"),
    "cohere_unwell": _("Cohere is unwell"),
    "cohere_invalid_answer": _("Cohere gave an answer that cannot be used"),
    "cohere_refuses_all": _("Cohere refuses every text"),
    "cohere_key_refused": _("Cohere refuses the key"),
    "qdrant_unreachable": _("Qdrant cannot be reached"),
    "qdrant_slow": _("Qdrant has not applied the change in time"),
    "qdrant_unwell": _("Qdrant is unwell"),
    "qdrant_key_refused": _("Qdrant refuses the key"),
    "unexpected": _("An error that nobody expected"),
    "collection_missing": _("The collection is missing"),
    "collection_mismatch": _("The collection was made for another model"),
}

# A retry of these fails again until somebody has changed the person's text.
NEED_A_PERSON = frozenset(
    {"record_unreadable", "text_empty", "text_refused", "text_too_long", "text_not_unicode", "text_without_meaning"}
)


def cause(code: str) -> str:
    """Say a cause in words: a filter of the templates."""
    return str(CAUSES.get(code, code.replace("_", " ").capitalize()))


def why(code: str) -> str:
    """Say why somebody is where they are in the index: a filter of the templates."""
    return str(WHY[code]) if code in WHY else cause(code)


def needs_a_person(code: str) -> bool:
    """Say whether a retry is in vain until somebody has mended the text: a filter of the templates."""
    return code in NEED_A_PERSON


def remedy(code: str) -> str:
    """Say what helps against a cause: a filter of the templates."""
    return str(_("mend the text first") if needs_a_person(code) else _("safe to retry"))

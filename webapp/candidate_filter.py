"""The filter of the candidates' list, as it stands in the address."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.ports import RecordFilter
from webapp.i18n import gettext as _
from webapp.queries.candidates import LISTS, CandidateFilter

MOST_YEARS = 100


def read(args: MultiDict[str, str]) -> CandidateFilter:
    """Read the filter; raise Invalid for a state or a number that there is not."""
    state, years = args.get("state") or None, args.get("min_years", "").strip()
    if state is not None and state not in LISTS:
        raise Invalid(_("“%(state)s” is no state of the index.", state=state[:40]), {"state": ", ".join(LISTS)})
    if years and not (years.isascii() and years.isdigit() and int(years) <= MOST_YEARS):
        raise Invalid(_("“%(value)s” is not a number of years.", value=years[:40]), {"min_years": years[:40]})
    where = RecordFilter(
        location=args.get("location", "").strip() or None,
        skills=_words(args.get("skills", "")),
        languages=_words(args.get("languages", "")),
        status=args.get("status", "").strip() or None,
        min_years=int(years) if years else None,
    )
    return CandidateFilter(state, args.get("text", ""), where)


def _words(given: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in given.split(",") if word.strip())

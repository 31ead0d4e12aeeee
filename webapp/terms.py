"""What steps and parameters of jobs are called in words. A name without an entry is shown as it is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext

from webapp.causes import cause

STEPS = {
    "extract": _("Extract"),
    "embed": _("Embed"),
    "index": lazy_pgettext("step", "Index"),
    "act": lazy_pgettext("step", "Act"),
}
PARAMETERS = {
    "limit": _("Limit"),
    "force": _("Force"),
    "location": _("Location"),
    "skills": _("Skills"),
    "languages": _("Languages"),
    "status": _("Status"),
    "headline": _("Headline"),
    "summary": _("Summary"),
    "experience": _("Experience"),
    "education": _("Education"),
    "min_years": _("Years of experience, at least"),
    "ids": _("Ids"),
    "candidate_ids": _("Candidates"),
    "numbers": _("Jobs"),
    "act": lazy_pgettext("parameter", "Act"),
    "cause": _("Cause"),
    "step": _("Step"),
    "job_id": _("Job"),
    "record_id": _("Record"),
    "upto": _("Up to"),
    "state": _("State"),
    "said": _("As it was typed"),
}

BULK = {"retry": _("Retry"), "discard": _("Discard"), "cancel": _("Cancel")}


def step(name: str) -> str:
    """Say the name of a step in words: a filter of the templates."""
    return str(STEPS.get(name, name.capitalize()))


def parameter(name: str) -> str:
    """Say the name of a parameter, without those that it lies in, in words: a filter of the templates."""
    last = name.rpartition(".")[2]
    return str(PARAMETERS.get(last, last.replace("_", " ").capitalize()))


def argument(name: str, value: str) -> str:
    """Say the value of a parameter in words where it is a code of ours."""
    match name.rpartition(".")[2]:
        case "cause":
            return cause(value)
        case "step":
            return step(value)
        case "act":
            return str(BULK.get(value, value))
    return value

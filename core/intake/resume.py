"""JSON Resume (jsonresume.org) as our columns: basics, work, education, skills and languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any


def is_resume(value: dict[str, Any]) -> bool:
    return isinstance(value.get("basics"), dict)


def columns_of(resume: dict[str, Any]) -> dict[str, Any]:
    """Take over what is there; what is of another type than the schema says is left out, or refused by the row.

    Raises ValueError when nothing names the person.
    """
    basics = resume["basics"]
    columns = {
        "external_id": identity_of(resume),
        "full_name": basics.get("name"),
        "headline": basics.get("label"),
        "summary": basics.get("summary"),
        "skills": _skills(resume.get("skills")),
        "experience": [_post(post) for post in _objects(resume.get("work"))],
        "education": [_study(study) for study in _objects(resume.get("education"))],
        "years_experience": _years(_objects(resume.get("work"))),
        "location": _place(basics.get("location")),
        "languages": [item["language"] for item in _objects(resume.get("languages")) if "language" in item],
    }
    return {name: value for name, value in columns.items() if value is not None}


def identity_of(resume: dict[str, Any]) -> Any:
    """Find what names the person for ever: the format has no id of its own, so an address or a mail must do."""
    basics = resume["basics"]
    meta = resume.get("meta")
    canonical = meta.get("canonical") if isinstance(meta, dict) else None
    named = (resume.get("external_id"), resume.get("id"), canonical, basics.get("email"), basics.get("url"))
    if not any(named):
        raise ValueError("nothing names this person: give id, meta.canonical, basics.email or basics.url")
    return next(name for name in named if name)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _post(post: dict[str, Any]) -> dict[str, Any]:
    return _without_empty(
        {
            "title": post.get("position"),
            "company": post.get("name") or post.get("company"),  # `company` until version 1 of the schema
            "city": post.get("location"),
            "period": _period(post),
            "description": post.get("summary"),
            "highlights": post.get("highlights"),
        }
    )


def _study(study: dict[str, Any]) -> dict[str, Any]:
    title = " ".join(str(study[key]) for key in ("studyType", "area") if study.get(key))
    return _without_empty(
        {
            "title": title,
            "school": study.get("institution"),
            "period": _period(study),
            "courses": study.get("courses"),
        }
    )


def _without_empty(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, "", [], {})}


def _period(entry: dict[str, Any]) -> str:
    start, end = entry.get("startDate"), entry.get("endDate")
    return f"{start or ''}-{end or ''}" if start or end else ""


def _skills(value: Any) -> list[Any]:
    """Flatten the groups of skills: each one's name and its keywords, once."""
    names: list[Any] = []
    for item in _objects(value):
        names += [item.get("name"), *(item.get("keywords") or [])]
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name.strip()))


def _place(location: Any) -> Any:
    if not isinstance(location, dict):
        return location
    return location.get("city") or location.get("region") or location.get("countryCode")


def _years(work: Iterable[dict[str, Any]]) -> int | None:
    """Count from the first post's year to the last one's end; a post without an end lasts until today."""
    starts = [year for post in work if (year := _year(post.get("startDate")))]
    if not starts:
        return None
    today = datetime.now(UTC).year
    ends = [_year(post.get("endDate")) or today for post in work]
    return max(0, min(max(ends), today) - min(starts))


def _year(date: Any) -> int | None:
    found = re.match(r"(19|20)\d\d", date) if isinstance(date, str) else None
    return int(found[0]) if found else None

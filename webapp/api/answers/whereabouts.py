"""One candidate with all that is known of their place in the index, written for scripts."""

from __future__ import annotations

from uuid import UUID

from webapp.api.answers.candidates import (
    CandidateAnswer,
    HappeningAnswer,
    InHandAnswer,
    NearAnswer,
    PlaceAnswer,
    PointAnswer,
    RankAnswer,
    TextAnswer,
)
from webapp.api.answers.failures import FailureAnswer
from webapp.whereabouts import Whereabouts


def candidate_answer(known: Whereabouts) -> CandidateAnswer:
    """Write the facts of a person's page."""
    detail, hand = known.shown, known.hand
    own = {name: getattr(detail.candidate, name, None) for name in CandidateAnswer.model_fields}
    beside = {
        "skills": detail.skills,
        "languages": detail.languages,
        "state": detail.state,
        "answer": known.answer,
        "text": TextAnswer.model_validate(known.text) if known.text else None,
        "point_id": known.point_id,
        "point": PointAnswer.model_validate(known.point) if known.point else None,
        "point_error": known.trouble or None,
        "by_headline": RankAnswer.model_validate(known.by_headline) if known.by_headline else None,
        "nearest": [
            NearAnswer(id=person.id, external_id=person.external_id, full_name=person.full_name, score=score)
            for person, score in known.near
        ],
        "under_way": InHandAnswer(job_id=UUID(hand.job.id), part=hand.part, parts=hand.parts, status=hand.status)
        if hand
        else None,
        "places": [PlaceAnswer.model_validate(place) for place in detail.places],
        "failures": [FailureAnswer.model_validate(failure) for failure in detail.failures],
        "history": [HappeningAnswer.model_validate(line) for line in detail.history],
    }
    return CandidateAnswer.model_validate(own | beside)

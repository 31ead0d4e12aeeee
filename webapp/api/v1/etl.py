"""Launches for scripts: a sync of everybody, embeddings for a chosen group. Both answer at once."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from core.errors import Invalid
from core.kinds import KINDS
from core.kinds.etl_embed import MOST_CHOSEN, Embed
from core.kinds.etl_sync import Sync
from webapp.api.answers.launches import EmbeddingsAnswer, LaunchAnswer, PreviewAnswer
from webapp.api.operation import operation, reply
from webapp.api.reading import Id, Reason, Request
from webapp.api.v1.jobs import status_url
from webapp.api.v1.launches import launch_for, launch_or_preview
from webapp.extensions import db
from webapp.queries import candidates

blueprint = Blueprint("etl", __name__)


class SyncRequest(Sync):
    """A sync of everybody not yet indexed, changed, or to be removed; `dry_run` only says what it would do."""

    dry_run: bool = False
    reason: Reason = ""


class EmbeddingsRequest(Request):
    """Candidates by our own id, to be embedded and indexed as they are now."""

    candidate_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MOST_CHOSEN)]
    force: bool = Field(False, description="Write the points again even where nothing has changed.")
    reason: Reason = ""


@blueprint.post("/etl/sync")
@operation("operate", {202: (LaunchAnswer,), 200: (LaunchAnswer, PreviewAnswer)}, problems=(429,), idempotent=True)
def create_sync(body: SyncRequest) -> Response:
    """Launch a sync: 202 with the new job; 200 with the one of the same scope that is not over, or the preview."""
    sync = Sync(limit=body.limit, force=body.force, filter=body.filter)
    return launch_or_preview(KINDS["etl.sync"], sync, body, dry_run=body.dry_run, reason=body.reason)


@blueprint.post("/etl/embeddings")
@operation("operate", {202: (EmbeddingsAnswer,), 200: (EmbeddingsAnswer,)}, problems=(429,), idempotent=True)
def create_embeddings(body: EmbeddingsRequest) -> Response:
    """Launch a job for chosen candidates; ids that are nobody's are named in rejected, and 422 when all are."""
    rejected = candidates.unknown(db.session(), body.candidate_ids)
    known = sorted(set(body.candidate_ids) - set(rejected))
    if not known:
        raise Invalid("None of these ids is a candidate's.", {"candidate_ids": "all of them are unknown"})
    launch = launch_for(KINDS["etl.embed"], Embed(candidate_ids=tuple(known), force=body.force), body, body.reason)
    url = status_url(launch)
    answer = EmbeddingsAnswer(job_id=launch.job_id, status=launch.status, status_url=url, rejected=rejected)
    return reply(answer, 202 if launch.new else 200, {"Location": url})

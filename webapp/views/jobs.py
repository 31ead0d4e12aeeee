"""/jobs: the list, a job's page, its records, and what the pages poll."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from core.kinds import KINDS
from webapp import comparison, exports, fresh, job_list, job_page
from webapp.extensions import db, redis
from webapp.queries import coverage, jobs, records, results
from webapp.security import poll, role

bp = Blueprint("jobs", __name__)


@bp.get("/jobs")
@role("viewer")
def index() -> ResponseReturnValue:
    if request.args.getlist("id"):  # the page was turned, with ticks on it
        return redirect(job_list.turned())
    shown = job_list.shown()
    return render_template("jobs/index.html", **shown), 422 if shown["asked"].search.problems else 200


@bp.get("/jobs.<any(csv, json):ending>")
@role("viewer")
def export(ending: str) -> ResponseReturnValue:
    """Give what matches as a file, the newest 100,000 at most."""
    where = job_list.asked().where
    return exports.download(
        "jobs", ending, lambda session: map(job_list.line, jobs.each(session, where, job_list.MOST_IN_FILE))
    )


@bp.get("/jobs/live")
@role("viewer")
@poll
def index_live() -> ResponseReturnValue:
    shown = job_list.shown()
    return fresh.unless_same(
        repr((shown["page"], shown["counts"], shown["waits"], shown["chosen"])),
        lambda: render_template("jobs/poll_list.html", **shown),
    )


@bp.get("/jobs/compare")
@role("viewer")
def compare() -> ResponseReturnValue:
    """Compare the jobs a and b, or the two that were ticked in the list."""
    ids = job_list.ticked_ids() or [request.args.get("a", ""), request.args.get("b", "")]
    return render_template("jobs/compare.html", compared=comparison.compare(*comparison.chosen(ids)))


@bp.get("/jobs/<uuid:job_id>")
@role("viewer")
def show(job_id: UUID) -> ResponseReturnValue:
    job = jobs.show(db.session(), redis, job_id)
    return render_template("jobs/show.html", **job_page.parts_of_page(job))


@bp.get("/jobs/<uuid:job_id>/progress")
@role("viewer")
@poll
def progress(job_id: UUID) -> ResponseReturnValue:
    def draw() -> str:
        job = jobs.show(db.session(), redis, job_id)
        return render_template("jobs/poll.html", **job_page.parts_of_page(job))

    return fresh.of_job(job_id, draw)


@bp.get("/jobs/<uuid:job_id>/records")
@role("viewer")
def list_records(job_id: UUID) -> ResponseReturnValue:
    job = jobs.show(db.session(), redis, job_id)
    of = KINDS[job.kind].record_kind if job.kind in KINDS else "candidate"
    if of != "candidate":
        page_of_items = results.find_page(db.session(), job_id, of, request.args.get("cursor"))
        return render_template("jobs/results.html", job=job, page=page_of_items, of=of)
    page = records.find_page(db.session(), job_id, coverage.collection(db.session()), request.args.get("cursor"))
    return render_template("jobs/records.html", job=job, page=page)


@bp.get("/jobs/<uuid:job_id>/parts")
@role("viewer")
def list_parts(job_id: UUID) -> ResponseReturnValue:
    job = jobs.show(db.session(), redis, job_id)
    return render_template("jobs/parts.html", job=job, parts=jobs.parts(db.session(), job_id))


@bp.get("/jobs/<uuid:job_id>/events")
@role("viewer")
def list_events(job_id: UUID) -> ResponseReturnValue:
    job = jobs.show(db.session(), redis, job_id)
    page = jobs.events(db.session(), job_id, request.args.get("cursor"), limit=100)
    return render_template("jobs/events.html", job=job, page=page)

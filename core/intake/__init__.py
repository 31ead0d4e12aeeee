"""Candidates from files: CSV, JSON lines, JSON, JSON Resume. Bad lines are named, the rest is kept."""

from core.intake.importing import import_file
from core.intake.report import ImportReport, Progress, Remark

__all__ = ["ImportReport", "Progress", "Remark", "import_file"]

"""Invented people with CVs that read like CVs: half in English, half in Spanish, in 20 fields of work."""

from core.samples.load import load
from core.samples.people import people

__all__ = ["load", "people"]

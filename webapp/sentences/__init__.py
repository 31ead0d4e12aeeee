"""What the core says to people, in the reader's language. The core itself knows no languages.

The sentences of each area stand here once more, with a name for each thing that varies.
"""

from __future__ import annotations

from core.errors import Invalid
from webapp.sentences.reading import local, names

__all__ = ["beside", "local", "names"]


def beside(error: Invalid) -> dict[str, str]:
    """Give the sentence of each bad field."""
    return {field: local(sentence) for field, sentence in error.errors.items()}

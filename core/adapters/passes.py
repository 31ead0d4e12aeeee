"""Texts for the models in this process: cut to a length, and taken in passes of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.errors import BadBatch
from core.ports import Embedded, Vectors


def embed_in_passes(
    encode: Callable[[list[str]], Vectors], texts: Sequence[str], *, most_text: int, most_pass: int
) -> Embedded:
    """Embed texts, each cut to `most_text` characters, at most `most_pass` characters at once; vectors of length 1.

    Raises BadBatch when a text has no vector, because nothing in it means anything to the model.
    """
    vectors = np.concatenate([encode(group) for group in _passes([text[:most_text] for text in texts], most_pass)])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise BadBatch("the model finds nothing in the text", code="text_without_meaning")
    return Embedded((vectors / lengths).astype("<f4"), tokens=0)


def _passes(texts: Sequence[str], most: int) -> Iterator[list[str]]:
    group: list[str] = []
    for text in texts:
        if group and sum(map(len, group)) + len(text) > most:
            yield group
            group = []
        group.append(text)
    if group:
        yield group

"""The fast embedder for English: WordLlama, 256 numbers, 5,000 documents a second."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.adapters.passes import embed_in_passes
from core.ports import Embedded, Purpose, Vectors, Work

MOST_TEXT = 20_000  # characters
MOST_PASS = 60_000  # a token needs 2 kB while it is worked on


class FastEmbedder:
    """Thread-safe. Good for English only: of Spanish questions it answers one in ten."""

    model = "wordllama"
    dimension = 256
    batch = 96
    concurrency = 1
    priced = False

    def embed(
        self, texts: Sequence[str], *, purpose: Purpose = "document", urgent: bool = False, work: Work | None = None
    ) -> Embedded:
        """Embed non-empty texts; purpose, urgency and work change nothing."""
        return embed_in_passes(_encode, texts, most_text=MOST_TEXT, most_pass=MOST_PASS)


def load() -> None:
    """Read the weights now (0.7 s, 110 MB), so that forked processes share them."""
    _model()


@cache
def _model() -> Any:
    # Imported on first use: it is an optional dependency, and most processes never embed.
    import wordllama  # noqa: PLC0415

    # Told where its bundled tokenizer is; left to itself it asks the network for one.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def _encode(texts: list[str]) -> Vectors:
    return np.asarray(_model().embed(texts, norm=False, batch_size=len(texts)), dtype=np.float32)

"""The embedders that need no key, with their real weights."""

from __future__ import annotations

import numpy as np
import pytest

from core.adapters import passes
from core.adapters.fast_embedder import FastEmbedder
from core.adapters.local_embedder import LocalEmbedder
from core.errors import BadBatch
from core.ports import Embedder, Vectors

HOSTILE = ["\0", "…", "😀" * 50, "a" * 50_000, "x " * 50_000, "مرحبا بالعالم", "\ufffd", "<script>alert(1)</script>"]


@pytest.mark.parametrize("embedder", [LocalEmbedder(), FastEmbedder()], ids=lambda one: one.model)
def test_vectors_are_of_length_one_and_finite_whatever_the_text(embedder: Embedder) -> None:
    embedded = embedder.embed(HOSTILE)

    assert embedded.vectors.shape == (len(HOSTILE), embedder.dimension)
    assert embedded.vectors.dtype == np.dtype("<f4")
    assert np.linalg.norm(embedded.vectors, axis=1) == pytest.approx(np.ones(len(HOSTILE)), abs=1e-5)
    assert embedded.tokens == 0


@pytest.mark.parametrize("embedder", [LocalEmbedder(), FastEmbedder()], ids=lambda one: one.model)
def test_a_text_has_the_same_vector_alone_and_in_company(embedder: Embedder) -> None:
    texts = [f"nurse number {n} with experience in intensive care" for n in range(embedder.batch)]

    together = embedder.embed(texts).vectors

    assert together[7] == pytest.approx(embedder.embed([texts[7]], purpose="query").vectors[0], abs=1e-5)


def test_meaning_crosses_languages() -> None:
    texts = ["enfermera de cuidados intensivos", "ingeniero de caminos y puentes", "cocinero de un restaurante"]
    vectors = LocalEmbedder().embed(["intensive care nurse", *texts]).vectors

    assert int(np.argmax(vectors[1:] @ vectors[0])) == 0


def test_what_means_nothing_to_the_model_is_a_bad_batch() -> None:
    def encode(texts: list[str]) -> Vectors:
        return np.array([[0.0, 0.0] if text == "nothing" else [3.0, 4.0] for text in texts], dtype=np.float32)

    with pytest.raises(BadBatch) as caught:
        passes.embed_in_passes(encode, ["some", "nothing"], most_text=10, most_pass=100)

    assert caught.value.code == "text_without_meaning"
    assert passes.embed_in_passes(encode, ["some"], most_text=10, most_pass=100).vectors.tolist() == [
        pytest.approx([0.6, 0.8])
    ]


def test_texts_are_cut_and_taken_in_passes_of_bounded_size() -> None:
    seen: list[list[str]] = []

    def encode(texts: list[str]) -> Vectors:
        seen.append(texts)
        return np.ones((len(texts), 2), dtype=np.float32)

    passes.embed_in_passes(encode, ["aaaa", "bbb", "c", "dddddd"], most_text=4, most_pass=5)

    assert seen == [["aaaa"], ["bbb", "c"], ["dddd"]]

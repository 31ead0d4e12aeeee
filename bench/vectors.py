"""Vectors as those of texts are."""

from __future__ import annotations

import numpy as np

from bench.stage import DIMENSION
from core.ports import Vectors

CLUSTERS = 2_000
SPREAD = 0.25  # of a cluster, as long as its centre is 1: the nearest of a million have a cosine of 0.96


def vectors_of(seed: int, count: int) -> Vectors:
    """Draw unit vectors as those of texts are: all somewhat alike, in clusters, a few of these very full."""
    world, dice = np.random.default_rng(7), np.random.default_rng(seed)
    weight = (1 + np.arange(DIMENSION, dtype=np.float32)) ** -0.4
    weight /= np.linalg.norm(weight)
    common, *centres = world.standard_normal((1 + CLUSTERS, DIMENSION), dtype=np.float32) * weight
    shares = 1 / np.arange(1, CLUSTERS + 1)
    which = dice.choice(CLUSTERS, count, p=shares / shares.sum())
    drawn = dice.standard_normal((count, DIMENSION), dtype=np.float32) * weight * SPREAD
    drawn += 0.8 * (np.array(centres)[which] + common)
    unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit

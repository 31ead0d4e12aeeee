"""The buckets of every histogram of durations; imports nothing, for the ops server knows no tables."""

from __future__ import annotations

BOUNDS = (1, 5, 15, 60, 300, 900, 3600, 14400)  # seconds, each bucket up to and with its bound
BEYOND = "+Inf"
SUM = "sum"  # not a bucket: what all durations come to

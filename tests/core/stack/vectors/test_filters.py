"""Filters find what the client's own engine finds."""

from __future__ import annotations

import pytest
from qdrant_client import models

from core.stack.vectors.errors import VectorError
from core.stack.vectors.filters import filter_of
from tests.core.stack.vectors.conftest import Pair

M = models.FieldCondition
FILTERS = {
    "a value": models.Filter(must=[M(key="city", match=models.MatchValue(value="Lima"))]),
    "a value in a list": models.Filter(must=[M(key="skills", match=models.MatchValue(value="go"))]),
    "any of some": models.Filter(must=[M(key="city", match=models.MatchAny(any=["Lima", "Quito"]))]),
    "any of none": models.Filter(must=[M(key="city", match=models.MatchAny(any=[]))]),
    "all but some": models.Filter(must=[M(key="city", match=models.MatchExcept(**{"except": ["Lima"]}))]),
    "a range": models.Filter(must=[M(key="years", range=models.Range(gte=2, lt=7))]),
    "none of": models.Filter(must_not=[M(key="city", match=models.MatchValue(value="Lima"))]),
    "some clauses together": models.Filter(
        must=[M(key="years", range=models.Range(gt=1))],
        should=[
            M(key="city", match=models.MatchValue(value="Lima")),
            M(key="city", match=models.MatchValue(value="Quito")),
        ],
        must_not=[models.HasIdCondition(has_id=[3, 5])],
    ),
    "a filter in a filter": models.Filter(
        must=[
            models.Filter(should=[models.HasIdCondition(has_id=[1, 2, 99]), M(key="years", range=models.Range(gt=8))])
        ]
    ),
    "at least two": models.Filter(
        min_should=models.MinShould(
            conditions=[
                M(key="city", match=models.MatchValue(value="Lima")),
                M(key="years", range=models.Range(gt=3)),
                M(key="skills", match=models.MatchValue(value="sql")),
            ],
            min_count=2,
        )
    ),
    "an empty field": models.Filter(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="skills"))]),
    "a null field": models.Filter(must=[models.IsNullCondition(is_null=models.PayloadField(key="city"))]),
    "a number of values": models.Filter(must=[M(key="skills", values_count=models.ValuesCount(gte=2))]),
    "ids": models.Filter(must=[models.HasIdCondition(has_id=[1, 4, 99])]),
    "nothing asked": models.Filter(),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_counts_and_finds_the_same_points(filled: Pair, name: str) -> None:
    where = FILTERS[name]
    filled.do(lambda client: client.count("c", count_filter=where, exact=True))
    filled.do(lambda client: client.scroll("c", scroll_filter=where, limit=50)[0])


def test_an_unknown_clause_is_refused_for_it_would_match_too_much() -> None:
    with pytest.raises(VectorError, match="must_nt"):
        filter_of({"must_nt": []})


def test_an_unsupported_condition_is_refused_with_its_name() -> None:
    with pytest.raises(VectorError, match="geo_radius"):
        filter_of({"must": [{"key": "place", "geo_radius": {"radius": 1}}]})

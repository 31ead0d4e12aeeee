"""What the metrics are called is written where people look for it, and can be relied on."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import Metric

from worker.families import FAMILIES, Family, Figure, metrics

README = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_the_readme_names_each_metric(family: Family) -> None:
    assert f"`{family.name}{'_total' if family.type == 'counter' else ''}`" in README


def test_a_metric_without_figures_is_named_all_the_same() -> None:
    assert [metric.name for metric in metrics([])] == [family.name for family in FAMILIES.values()]


def test_figures_that_nobody_knows_are_left_out() -> None:
    assert sum(len(metric.samples) for metric in metrics([Figure("of_another_version", "", "", 1)])) == 0


def test_buckets_are_added_up_as_prometheus_wants_them() -> None:
    rows = {"1": 2.0, "60": 3.0, "+Inf": 1.0, "sum": 99_999.5}
    told = {metric.name: metric for metric in metrics(Figure("job_seconds", "etl.sync", *row) for row in rows.items())}
    histogram: Metric = told["vigia_job_duration_seconds"]
    buckets = {sample.labels["le"]: sample.value for sample in histogram.samples if sample.name.endswith("_bucket")}
    assert buckets == {"1": 2, "5": 2, "15": 2, "60": 5, "300": 5, "900": 5, "3600": 5, "14400": 5, "+Inf": 6}
    rest = {sample.name.rpartition("_")[2]: sample.value for sample in histogram.samples if "le" not in sample.labels}
    assert rest == {"count": 6, "sum": 99_999.5}

"""Marts of several homes meet as aggregates only: cells that count enough people, columns that name nobody, files that nobody changed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.settings import Settings
from cdp_assets.sharing import aggregates
from cdp_assets.sharing.problems import SharingProblem
from tests.activation.homes import Person, publish

CLASSES = {("cohorts", name): "internal" for name in ("month", "customers", "net_revenue")} | {
    ("by_person", "customers"): "internal", ("by_person", "customer_id"): "core",
}  # fmt: skip
MARTS = (
    "create table marts.cohorts as select * from (values ('2026-01', 30, 1.5), ('2026-02', 4, 9.0)) as t (month, customers, net_revenue); "
    "create table marts.by_person as select 'c1' as customer_id, 100 as customers"
)


def exported(settings: Settings, region: str, folder: Path, *, k: int = 20) -> Settings:
    home = settings.model_copy(update={"home": settings.home / region, "region": region})
    publish(home, [Person("c1")], without=MARTS)
    assert aggregates.export(home, folder, CLASSES, k=k) == {"cohorts": 1 if k > 4 else 2}
    return home


def test_aggregates_of_two_regions_stand_side_by_side_and_nothing_else(
    settings: Settings, tmp_path: Path
) -> None:
    exported(settings, "EU", tmp_path / "eu")
    exported(settings, "CN", tmp_path / "cn")
    assert aggregates.join([tmp_path / "eu", tmp_path / "cn"], tmp_path / "all.duckdb", k=20) == {
        "cohorts": 2
    }
    with duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True) as con:
        assert con.execute("select region_of_home, month, customers from cohorts order by 1").fetchall() == [
            ("CN", "2026-01", 30),
            ("EU", "2026-01", 30),
        ]


def test_no_column_of_a_cell_tells_of_few(settings: Settings, tmp_path: Path) -> None:
    """Of thirty customers one was active: the month's revenue is hers. Running sums, extremes and shares of the whole tell what is left out."""
    names = (
        "month",
        "cohort_customers",
        "active_customers",
        "net_revenue",
        "cumulative_net_revenue",
        "customer_share",
        "greatest_value",
        "last_seen_at",
    )
    classes = {("retained", name): "internal" for name in names}
    marts = (
        "create table marts.retained as select *, 0.5 as customer_share, 999 as greatest_value, now() as last_seen_at from (values "
        "('2026-01', 30, 25, 500.0, 500.0), ('2026-02', 30, 1, 77.0, 577.0), ('2026-03', 30, 0, -5.0, 572.0), ('2026-04', 30, 22, 100.0, 672.0)) "
        "as t (month, cohort_customers, active_customers, net_revenue, cumulative_net_revenue)"
    )
    home = settings.model_copy(update={"region": "EU"})
    publish(home, [Person("c1")], without=marts)
    assert aggregates.export(home, tmp_path / "eu", classes, k=20) == {"retained": 2}
    aggregates.join([tmp_path / "eu"], tmp_path / "all.duckdb", k=20)
    with duckdb.connect(str(tmp_path / "all.duckdb"), read_only=True) as con:
        assert con.execute("select * exclude (generation) from retained order by month").fetchall() == [
            ("EU", "2026-01", 30, 25, 500.0), ("EU", "2026-04", 30, 22, 100.0),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "counts"),
    [("customers_of_90_days", True), ("new_customers", True), ("customer_count", True), ("net_revenue_per_customer_90_days", False), ("customer_share", False)],
)  # fmt: skip
def test_what_counts_people_is_told_by_its_name(column: str, counts: bool) -> None:
    assert bool(aggregates.COUNTS_PEOPLE.fullmatch(column)) == counts


def test_small_cells_changed_files_and_homes_without_a_region_are_refused(
    settings: Settings, tmp_path: Path
) -> None:
    home = exported(settings, "EU", tmp_path / "eu", k=2)
    with pytest.raises(SharingProblem, match="1 cells of cohorts count fewer than 20"):
        aggregates.join([tmp_path / "eu"], tmp_path / "all.duckdb", k=20)
    with pytest.raises(SharingProblem, match="does not say which region"):
        aggregates.export(home.model_copy(update={"region": None}), tmp_path / "x", CLASSES, k=20)
    with pytest.raises(SharingProblem, match="there twice"):
        aggregates.join([tmp_path / "eu", tmp_path / "eu"], tmp_path / "two.duckdb", k=2)
    with (tmp_path / "eu" / "cohorts.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(SharingProblem, match="was changed"):
        aggregates.join([tmp_path / "eu"], tmp_path / "three.duckdb", k=2)

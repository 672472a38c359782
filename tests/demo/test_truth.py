"""The truth says what the data can support, no more and no less."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo import SimulationReport
from cdp_assets.demo.truth import supported_components

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo")


def _components(con: duckdb.DuckDBPyConnection, *rows: dict[str, object]) -> list[int | None]:
    """Component of each record given as the evidence it carries; person_no defaults to 1."""
    con.execute(
        "create or replace table given (record int, person_no int, name text, phone_key text, email_key text, "
        "link_key text, birth_key date, address_key text)"
    )
    for number, row in enumerate(rows):
        con.execute(
            "insert into given values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                number,
                row.get("person_no", 1),
                *(
                    row.get(name)
                    for name in ("name", "phone_key", "email_key", "link_key", "birth_key", "address_key")
                ),
            ],
        )
    supported_components(con, "given")
    return [value for (value,) in con.execute("select component from components order by record").fetchall()]


def test_records_that_share_a_full_identifier_are_supported(con: duckdb.DuckDBPyConnection) -> None:
    first, second, third = _components(
        con, {"phone_key": "+12125550100"}, {"phone_key": "+12125550100"}, {"email_key": "a@example.com"}
    )
    assert first == second
    assert third not in (first, None)


def test_support_is_carried_along_a_chain(con: duckdb.DuckDBPyConnection) -> None:
    parts = _components(
        con,
        {"phone_key": "+1", "email_key": "A@example.com"},
        {"email_key": "a@example.com", "link_key": "loyalty:7"},
        {"link_key": "loyalty:7"},
    )
    assert len(set(parts)) == 1


@pytest.mark.parametrize(
    ("shared", "is_supported"),
    [
        ({"name": "Ann Lee", "birth_key": "1980-01-02"}, True),
        ({"name": "Ann Lee", "address_key": "1 Main St"}, True),
        ({"birth_key": "1980-01-02", "address_key": "1 Main St"}, True),
        ({"name": "Ann Lee"}, False),
        ({"birth_key": "1980-01-02"}, False),
        ({"address_key": "1 Main St"}, False),
    ],
)
def test_two_of_name_birth_date_and_address_support_and_one_does_not(
    con: duckdb.DuckDBPyConnection, shared: dict[str, object], is_supported: bool
) -> None:
    first, second = _components(con, dict(shared), dict(shared))
    assert (first is not None and first == second) == is_supported


def test_names_compare_without_case_and_order_but_not_across_scripts(con: duckdb.DuckDBPyConnection) -> None:
    place = {"address_key": "1 Main St"}
    pinyin, swapped, hanzi = _components(
        con,
        {"name": "Xiaoming WANG", **place},
        {"name": "wang xiaoming", **place},
        {"name": "王晓明", **place},
    )
    assert pinyin == swapped
    assert hanzi != pinyin


def test_records_of_two_persons_are_never_one_component(con: duckdb.DuckDBPyConnection) -> None:
    mother, child = _components(con, {"phone_key": "+1", "person_no": 1}, {"phone_key": "+1", "person_no": 2})
    assert mother != child


def test_a_record_without_evidence_has_no_component(con: duckdb.DuckDBPyConnection) -> None:
    assert _components(con, {"name": "Ann Lee"}, {}) == [None, None]


def test_no_evidence_at_all_is_no_error(con: duckdb.DuckDBPyConnection) -> None:
    assert _components(con, {}) == [None]


def test_every_record_is_listed_once_and_every_pair_names_listed_records(
    demo: SimulationReport, truth: Path
) -> None:
    con = duckdb.connect()
    con.execute(
        f"create view records as select channel, coalesce(source_customer_id, 'key ' || natural_key) as id, * "
        f"from '{truth}/records.parquet'"
    )
    assert con.execute("select count(*), count(distinct (channel, id)) from records").fetchall()[0] == (
        demo.records,
        demo.records,
    )
    for side in "lr":
        unknown = con.execute(
            f"""
            select count(*) from '{truth}/trap_pairs.parquet'
            where (channel_{side}, coalesce(id_{side}, 'key '
                || natural_key_{side})) not in (select (channel, id) from records)
            """
        ).fetchall()[0]
        assert unknown == (0,)


def test_a_pair_is_a_match_exactly_if_its_records_are_one_person(truth: Path) -> None:
    wrong = duckdb.sql(
        f"""
        with records as (
            select channel, coalesce(source_customer_id, natural_key) as id, person_id, support_id
            from '{truth}/records.parquet'
        )
        select count(*)
        from '{truth}/trap_pairs.parquet' as pairs
        join records as l on l.channel = channel_l and l.id = coalesce(id_l, natural_key_l)
        join records as r on r.channel = channel_r and r.id = coalesce(id_r, natural_key_r)
        where is_match <> (l.person_id = r.person_id)
            or is_supported <> (l.person_id = r.person_id and coalesce(l.support_id = r.support_id, false))
        """
    ).fetchall()[0]
    assert wrong == (0,)


def test_persons_of_the_truth_are_those_asked_for_and_name_each_other(
    demo: SimulationReport, truth: Path
) -> None:
    found = duckdb.sql(
        f"""
        with persons as (from '{truth}/persons.parquet')
        select
            count(*), count(distinct person_id),
            (select count(*) from '{truth}/records.parquet' where person_id not in (select person_id from persons)),
            count(*) filter (where namesake_of not in (select person_id from persons)),
            (select count(*) from '{truth}/orders.parquet' join persons using (person_id)
                where order_date < joined_date or order_date >= left_date),
        from persons
        """
    ).fetchall()[0]
    assert found == (demo.customers, demo.customers, 0, 0, 0)


def test_gifts_of_the_mini_program_are_pairs_of_giver_and_recipient(truth: Path) -> None:
    same, pairs = duckdb.sql(
        f"select count(*) filter (where is_match), count(*) from '{truth}/trap_pairs.parquet' "
        "where trap = 'gift' and channel_l = 'youzan'"
    ).fetchall()[0]
    assert pairs > 0
    assert same == 0


def test_truth_accounts_for_every_order_and_session_of_the_inbox(demo: SimulationReport, truth: Path) -> None:
    inbox = demo.out / "inbox"
    orders = dict(
        duckdb.sql(f"select channel, count(*) from '{truth}/orders.parquet' group by channel").fetchall()
    )
    assert sum(orders.values()) == demo.orders

    def distinct(column: str, files: str) -> int:
        found = duckdb.sql(
            f'select count(distinct "{column}") '
            f"from read_csv('{inbox}/{files}', all_varchar = true, union_by_name = true)"
        ).fetchall()[0]
        return int(found[0]) if found else 0

    # orders without a buyer stand beside them: tried and not paid, begun by staff, sold elsewhere
    ((worth,),) = duckdb.sql(
        f"select count(*) from '{truth}/money.parquet' where channel = 'shopify'"
    ).fetchall()
    assert worth == distinct("Id", "shopify/orders_export_*.csv")
    assert worth > orders["shopify"]
    assert orders["youzan"] == distinct("订单号", "youzan/orders_*.csv")
    # the bad row's transaction is a test of the till
    assert orders["square"] == distinct("Transaction ID", "square/items-*.csv") - 1

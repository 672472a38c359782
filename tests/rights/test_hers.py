"""Rows that are hers, told by the names of columns."""

from __future__ import annotations

import duckdb

from cdp_assets.rights import hers
from cdp_assets.rights.traces import Traces

KEY = b"test-key-of-at-least-thirty-two-bytes"


def test_a_number_of_hers_that_is_something_else_of_his_takes_nothing_of_him() -> None:
    """Her loyalty card has the number of his account at a platform."""
    with duckdb.connect() as con:
        con.execute(
            "create table identifiers as select * from (values ('loyalty_id', '555017'), ('platform_id', '555017'), ('phone', '+14155550101')) "
            "as t (identifier_type, identifier_value)"
        )
        con.execute(
            "create table contact as select * from (values (1, '555017', null), (2, null, '555017')) as t (person, loyalty_id, platform_id)"
        )
        hers.register(con, Traces(identifiers=[("loyalty_id", "555017"), ("phone", "+14155550101")]), KEY)
        for table, columns, found in (
            ("identifiers", ["identifier_type", "identifier_value"], [0, 2]),
            ("contact", ["person", "loyalty_id", "platform_id"], [0]),
        ):
            sql = hers.rows_of_hers(columns, table)
            assert sorted(row for (row,) in con.execute(str(sql)).fetchall()) == found
            ((kept,),) = con.execute(
                f"select count(*) from {table} where not ({hers.condition(columns)})"
            ).fetchall()
            assert kept == 1

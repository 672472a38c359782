"""Staging in its shared shapes: what a channel lacks is a typed null, and a misspelt column is found."""

from __future__ import annotations

import pytest
from small_retailer import SmallRetailer

pytestmark = pytest.mark.integration

LAW = "staging_models_have_the_columns_of_their_shape"


def test_what_a_channel_lacks_is_a_typed_null_in_its_place(retailer: SmallRetailer) -> None:
    (row,) = retailer.query(
        "select typeof(unit_cost), unit_cost, typeof(line_number) from staging.stg_youzan__order_lines"
    )
    assert row == ("DECIMAL(18,6)", None, "BIGINT")


def test_a_misspelt_or_wrongly_typed_column_of_staging_breaks_a_law(retailer: SmallRetailer) -> None:
    with retailer.warehouse() as con:
        con.execute("create table staging.kept as from staging.stg_ga4__links")
        con.execute(
            "create or replace table staging.stg_ga4__links as "
            "select * replace (cast(linked_at as varchar) as linked_at), linked_channel as linked_chanel from staging.kept"
        )
    try:
        (result,) = retailer.dbt("test", "--select", LAW)
        assert (result.status, result.failing_rows) == ("fail", 2)
    finally:
        with retailer.warehouse() as con:
            con.execute("create or replace table staging.stg_ga4__links as from staging.kept")
            con.execute("drop table staging.kept")
    (result,) = retailer.dbt("test", "--select", LAW)
    assert result.passed

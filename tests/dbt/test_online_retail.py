"""Acceptance: the control totals of a real retailer come out of the marts exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from small_retailer import SmallRetailer, failures

# UCI Online Retail, as its publisher counts it
LINES, INVOICES, INVOICES_WITHOUT_CUSTOMER, CUSTOMERS = 541_909, 25_900, 3_710, 4_372
SUM_OF_QUANTITY_TIMES_PRICE = Decimal("9747747.93")


@pytest.mark.slow
def test_the_marts_hold_the_control_totals_of_online_retail(shared_dir: Path, tmp_path: Path) -> None:
    retailer = SmallRetailer.open(tmp_path / "home", date(2011, 12, 9), reporting_currency="GBP")
    folder = retailer.settings.landing_dir / "online_retail" / "lines"
    with duckdb.connect() as con:
        con.execute(
            f"""
            copy (
                select
                    InvoiceNo as invoice_no, StockCode as stock_code, Description as description, Quantity as quantity,
                    InvoiceDate as invoiced_at, UnitPrice as unit_price, CustomerID as customer_id, Country as country,
                    '{0:016x}' as _load_id, row_number() over () as _line, 'all.csv' as _file_name
                from read_csv('{shared_dir}/data/online_retail/*.csv.gz', header = true, types = {{
                    'InvoiceNo': 'varchar', 'StockCode': 'varchar', 'Quantity': 'bigint', 'UnitPrice': 'decimal(18, 6)',
                    'CustomerID': 'varchar'
                }})
            ) to '{folder}/{0:016x}.parquet' (format parquet)
            """
        )
    retailer.enter_load("online_retail", "lines", f"{0:016x}", LINES)
    assert not failures(retailer.build())
    assert not failures(retailer.dbt("test", "--select", "tag:law"))
    assert retailer.query(
        "select count(*), count(distinct order_id), round(sum(line_amount), 2) from marts.order_lines"
    ) == [(LINES, INVOICES, SUM_OF_QUANTITY_TIMES_PRICE)]
    assert retailer.query("select count(*), count(*) filter (where is_anonymous) from marts.orders") == [
        (INVOICES, INVOICES_WITHOUT_CUSTOMER)
    ]
    assert retailer.query("select count(*) from marts.customers") == [(CUSTOMERS,)]

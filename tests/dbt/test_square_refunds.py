"""What the tills gave back: item by item, and where no item is named by the transaction alone."""

from __future__ import annotations

from pathlib import Path

import duckdb
from engine_macros import rendered

from cdp_assets.settings import PROJECT_DIR
from cdp_assets.shapes import shapes

MODEL = PROJECT_DIR / "dbt_project" / "models" / "staging" / "square" / "stg_square__refunds.sql"
COMMON = "timestamp '2026-08-06 10:12:00' as sold_at, 'C1' as customer_id, 'P1' as payment_id, null::varchar as itemization_type"


def test_a_refund_without_an_item_is_read_from_its_transaction(tmp_path: Path) -> None:
    items, transactions = tmp_path / "items.parquet", tmp_path / "transactions.parquet"
    with duckdb.connect() as con:
        con.execute(f"""copy (
            select 'T1' as transaction_id, 'Refund' as event_type, {COMMON}, 'M1' as sku, 'Mug' as item, -10.00 as net_sales, -0.80 as tax, -1 as quantity
        ) to '{items}'""")
        con.execute(f"""copy (
            select transaction_id, event_type, {COMMON}, net_sales, tax, total_collected
            from (values
                ('T1', 'Refund', -10.00, -0.80, -10.80), ('T2', 'Refund', -30.00, -3.20, -33.20), ('T2', 'Payment', 30.00, 3.20, 33.20)
            ) as rows(transaction_id, event_type, net_sales, tax, total_collected)
        ) to '{transactions}'""")
        files = {"items": items, "transactions": transactions}
        sql = rendered(
            MODEL.read_text(encoding="utf-8"),
            var=lambda _name: "UTC",
            landed=lambda _channel, export: f"read_parquet('{files[export]}')",
            shape_columns=lambda name: list(shapes()[name].types.items()),
            outside_columns=lambda _name: [],
            person_columns=lambda _name: [],
            square_line_kind=lambda: "itemization_type",
        )
        columns = "refund_id, amount, goods_amount, tax_amount, sku"
        found = con.execute(f"select {columns} from ({sql}) order by refund_id").fetchall()
    assert [[str(cell) for cell in row] for row in found] == [
        ["T1:refund:1", "10.80", "10.00", "0.80", "M1"],
        ["T2:refund:1", "33.20", "30.00", "3.20", "None"],
    ]

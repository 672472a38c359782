"""What the Changes page asks: how the customers of one generation became those of the next, by the records behind them."""

from __future__ import annotations

import pandas as pd

from cdp_assets.sql_text import from_file
from cdp_assets.web.published import BEFORE, MARTS, Published

# What happened to an id, and how it changes the number of customers.
KINDS = {"created": 1, "split": 1, "revived": 1, "merged": -1, "retired": -1}


def _changed() -> str:
    """One row per customer that one of two generations has and the other has not: kind, customer_id, other_customer_id, record_count."""
    return from_file(__name__, "changes", now_file=MARTS, before_file=BEFORE)


def bridge(shown: Published, before: Published) -> dict[str, int]:
    """Number of customers per kind of change since the generation before."""
    found = shown.ask_both(
        before, f"select kind, count(*) as customers from ({_changed()}) as changed group by kind"
    )
    return dict(zip(found["kind"], map(int, found["customers"]), strict=True))


def rows(shown: Published, before: Published, kind: str) -> pd.DataFrame:
    """The customers of one kind of change. One row per customer: customer_id, other_customer_id, record_count."""
    return shown.ask_both(
        before,
        f"""
        select customer_id, other_customer_id, record_count from ({_changed()}) as changed where kind = ?
        order by record_count desc, customer_id
        """,
        kind,
    )


def customers(shown: Published) -> int:
    """How many customers a generation has."""
    return int(shown.ask("select count(*) as customers from customers")["customers"].iloc[0])

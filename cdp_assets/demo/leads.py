"""A list in the inbox that no channel reads: who left a card at the stand of a trade fair, in a folder without a contract.

Some are customers of the simulated retailer, the others nobody but this file knows. A run names the file and says what to do; a request for
erasure has to find whom it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.sql_text import literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

FILE, TRUTH = "trade_fair/leads_2017-11.csv", "leads.parquet"
CUSTOMERS = 12
VISITORS = (
    "Ada Quimby",
    "Bruno Salt",
    "Celia Marsh",
    "Dario Finch",
    "Edda Thorn",
    "Filip Crane",
    "Greta Moor",
    "Hugo Lark",
    "Ines Vale",
)


def write_leads(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write OUT/inbox/trade_fair/leads_2017-11.csv and OUT/truth/leads.parquet, from the persons of the last batch.

    Grain of both: one row per visitor; the truth says the person_id, which is null where no channel knows the visitor.
    """
    con.execute(
        f"""
        create or replace temp table leads as
        select name, email, phone, person_id, row_number() over (order by md5('card ' || email)) as badge
        from (
            (
                select given || ' ' || surname as name, email1 as email, dial || phone1 as phone, person_id
                from persons order by md5('fair ' || person_id) limit {CUSTOMERS}
            )
            union all
            select name, lower(replace(name, ' ', '.')) || '@fair.example', null, null
            from (select unnest($visitors) as name)
        )
        """,
        {"visitors": list(VISITORS)},
    )
    con.execute(
        f"copy (select person_id, email, phone from leads order by badge) to {literal(out / 'truth' / TRUTH)} (format parquet)"
    )
    path = out / "inbox" / FILE
    path.parent.mkdir(mode=0o700)
    con.execute(
        f"""
        copy (select badge as "Badge", name as "Visitor", email as "E-mail", phone as "Mobile" from leads order by badge)
        to {literal(path)} (format csv, header)
        """
    )
    path.chmod(0o600)

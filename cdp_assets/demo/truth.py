"""The true answer beside the inbox: whose records, orders and touches these are, and what the data can support.

Two records of one person are supported when they are connected through records of that person that share a full
identifier nobody refuses (phone, e-mail, card, account), or two of name, birth date and address. The pipeline never
reads this.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cdp_assets.demo.chance import text
from cdp_assets.demo.channels.ga4 import TABLET, refusals
from cdp_assets.demo.consents import TRUTH as CONSENTS
from cdp_assets.demo.money import worth_of_orders
from cdp_assets.engine import given
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from cdp_assets.demo.channels import ChannelWriter

README = Path(__file__).with_name("truth_readme.txt")


def supported_components(con: duckdb.DuckDBPyConnection, records: str) -> None:
    """Create `components` (record, component) over the table `records`: the connected parts of each person's records.

    `records` has record (0 … n-1), person_no, name, phone_key, email_key, link_key, birth_key, address_key;
    refused values are null in it. Names compare without case and order of their parts. component is null
    for a record without evidence.
    """
    con.execute(
        f"""
        create or replace temp table evidence as
        with plain as (
            select
                *,
                array_to_string(list_sort(string_split(lower(trim(name)), ' ')), ' ') as name_key,
                lower(regexp_replace(address_key, '\\s+', ' ', 'g')) as place_key,
            from {records}
        ),
        keys as (
            select record, person_no, 'phone ' || phone_key as key from plain
            union all select record, person_no, 'email ' || lower(email_key) from plain
            union all select record, person_no, 'link ' || link_key from plain
            union all select record, person_no, 'name and birth date ' || name_key || birth_key from plain
            union all select record, person_no, 'name and address ' || name_key || place_key from plain
            union all select record, person_no, 'birth date and address ' || birth_key || place_key from plain
        )
        select record, dense_rank() over (order by person_no, key) - 1 as key_no
        from keys
        where key is not null
        """
    )
    found = con.execute("select record, key_no from evidence").fetchnumpy()
    record, key = np.asarray(found["record"], dtype=np.int64), np.asarray(found["key_no"], dtype=np.int64)
    counted = con.execute(f"select count(*) from {records}").fetchone()
    size = int(counted[0]) if counted else 0
    nodes = size + (int(key.max()) + 1 if len(key) else 0)
    graph = coo_array((np.ones(len(record), dtype=np.int8), (record, size + key)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    with_evidence = np.zeros(size, dtype=bool)
    with_evidence[record] = True
    table = pa.table(
        {
            "record": np.arange(size),
            "component": pa.array(labels[:size].astype(np.int64), mask=~with_evidence),
        }
    )
    with given(con, "labelled", table):
        con.execute("create or replace temp table components as select * from labelled")


_PERSONS = """
    select
        person_id,
        'H' || lpad(household_no::varchar, 8, '0') as household_id,
        kind,
        if(entry_date > date '2017-01-01', entry_date, null) as joined_date,
        if(exit_date < date '2018-01-01', exit_date, null) as left_date,
        is_one_time as buys_once,
        'P' || lpad(namesake_of::varchar, 8, '0') as namesake_of,
        'P' || lpad(number_from::varchar, 8, '0') as phone_was_of,
        list_filter([
            if(is_twin, 'twins', null),
            if(generation is not null, 'father_and_son', null),
            if(is_married_name, 'married_name', null),
            if(has_family_phone and role > 0, 'family_phone', null),
            if(has_family_email and role > 0, 'family_email', null)
        ], lambda trap: trap is not null) as traps,
    from persons
    order by person_no
"""


class Truth:
    """Collects the truth batch by batch into Parquet files under one folder."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, root: Path, channels: Sequence[ChannelWriter], names: list[str]
    ) -> None:
        self._con = con
        self._worth = worth_of_orders(names)
        self._root = root
        self._records = " union all by name ".join(
            f"({sql})" for channel in channels if (sql := channel.records())
        )
        self._orders = " union all by name ".join(
            f"({sql})" for channel in channels if (sql := channel.orders())
        )
        self._touches = " union all by name ".join(
            f"({sql})" for channel in channels if (sql := channel.touches())
        )
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.records = 0
        root.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(README, root / "README.txt")

    def _append(self, name: str, query: str) -> int:
        table = self._con.sql(query).to_arrow_table()
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(
                self._root / f"{name}.parquet", table.schema, compression="zstd"
            )
        self._writers[name].write_table(table.cast(self._writers[name].schema))
        return int(table.num_rows)

    def add_batch(self, batch: int) -> None:
        """Append the truth of the current batch's tables."""
        self._con.execute(
            f"""
            create or replace temp table batch_records as
            select row_number() over (order by channel, source_customer_id, natural_key, person_no) - 1 as record, *
            from ({self._records})
            """
        )
        supported_components(self._con, "batch_records")
        self._con.execute(
            f"""
            create or replace temp table true_records as
            select batch_records.*, persons.person_id, persons.household_no,
                person_id || '.' || {batch} || '.' || component as support_id
            from batch_records
            join components using (record)
            join persons using (person_no)
            """
        )
        self.records += self._append(
            "records",
            "select channel, source_customer_id, natural_key, person_id, support_id, traps "
            "from true_records order by record",
        )
        self._append("persons", _PERSONS)
        self._append("consents", CONSENTS)
        self._append("trap_pairs", from_file(__name__, "trap_pairs", tablet=text(TABLET)))
        self._append("orders", f"select * from ({self._orders}) order by channel, order_id")
        self._append("money", f"select * from ({self._worth}) order by channel, order_id")
        self._append("touches", f"select * from ({self._touches}) order by channel, touchpoint_id")
        self._append("refusals", f"select * from ({refusals()}) order by channel, device_id")

    def close(self) -> None:
        """Finish the files and write the lift of each marketing channel."""
        for writer in self._writers.values():
            writer.close()
        self._con.execute(
            f"""
            copy (
                select
                    marketing_channel,
                    round(sum(incremental_orders) / nullif(sum(sum(incremental_orders)) over (), 0), 6) as true_share,
                    sum(incremental_orders)::bigint as incremental_orders,
                    sum(incremental_revenue) as incremental_revenue,
                    sum(touched_orders)::bigint as touched_orders,
                from lift_counts
                group by marketing_channel
                order by marketing_channel
            ) to '{self._root / "marketing_lift.csv"}' (format csv, header)
            """
        )

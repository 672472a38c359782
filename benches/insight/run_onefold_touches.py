"""All of compute_attribution over touches made from journeys.parquet. Prints one JSON line. There is no peer for this.

Chain models per month, credits per conversion and touch, global credit, and intervals from 200 replicates.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path

import duckdb
from measure import Clock

from cdp_assets.insight import compute_attribution


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("journeys", type=Path)
    path = parser.parse_args().journeys
    clock = Clock()
    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute("create schema journeys")
    con.execute(
        """
        create table journeys.path_touches as
        with numbered as (
            select *, row_number() over () as journey, from read_parquet(?)
        ),
        touches as (
            select
                journey, conversions = 1 as is_conversion, value,
                unnest(string_split(path, ' > ')) as marketing_channel,
                generate_subscripts(string_split(path, ' > '), 1) as position,
            from numbered
        )
        select
            if(is_conversion, 'order' || journey, null) as conversion_id,
            if(is_conversion, null, 'null' || journey) as null_path_id,
            journey || '-' || position as touch_id, marketing_channel, null::text as campaign, position,
            date '2017-01-01' + (journey % 365)::int + interval 1 minute * position as touched_at,
            'customer' || (journey % 400000) as customer_id, is_conversion,
            date '2017-01-01' + (journey % 365)::int as path_date, journey % 3 = 0 as is_new_customer,
            if(is_conversion, value, null) as conversion_value, if(is_conversion, value, null) as conversion_net_value,
        from touches
        """,
        [str(path)],
    )
    con.execute("create schema attribution")
    con.execute(
        "create table attribution.attribution_linear as select conversion_id, touch_id, "
        "1.0::double / count(*) over (partition by conversion_id) as credit "
        "from journeys.path_touches where is_conversion"
    )
    with clock("compute_attribution"):
        summary = compute_attribution(con, date(2017, 12, 31))
    figures = {
        "conversions": summary.conversions,
        "periods": summary.periods,
        "distinct_paths": summary.distinct_paths,
    }
    print(json.dumps({**clock.result(), "figures": figures}))


if __name__ == "__main__":
    main()

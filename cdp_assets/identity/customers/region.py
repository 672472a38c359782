"""Which records a run clusters: those of components in which something changed, or all.

A component is closed under links and published pairs, so that what is outside of the region is as it was.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity.changes import begin


def write_region(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp table region (record_key): changed records and those of changed nodes, with all of the components that they were in when
    identity.clusters was built; some may be gone. All records where those clusters do not count."""
    if not is_held:
        con.execute("create or replace temp table region as select record_key from identity.nodes")
        return
    begin(con, "unclustered")
    con.execute(
        """
        create or replace temp table region as
        with seeds as (
            select record_key from identity.unclustered where record_key is not null
            union
            select record_key from identity.nodes semi join (select node_key from identity.unclustered) using (node_key)
        )
        from seeds
        union
        select record_key from identity.clusters semi join (
            select component_key from identity.clusters semi join seeds using (record_key)
        ) using (component_key)
        """
    )

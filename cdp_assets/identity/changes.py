"""What changed and is not yet taken into account: lists of records and nodes that wait for a later step.

A step that changes something notes it in the transaction in which it does, and the step that waits for it strikes the list in its own, so
that no kill in between loses a change. What a list leads to belongs to the step that reads it.
"""

from __future__ import annotations

import duckdb

# List → its columns. unjudged: records that build_nodes is to judge. unscored: nodes that came or went, or of which other records are, for
# score_pairs. unclustered: records and nodes (either may be null) whose components build_clusters is to build.
# unassigned: records of components that were built, for assign_customer_ids.
LISTS = {
    "unjudged": "record_key varchar",
    "unscored": "node_key varchar",
    "unclustered": "record_key varchar, node_key varchar",
    "unassigned": "record_key varchar",
}


def begin(con: duckdb.DuckDBPyConnection, name: str, schema: str = "identity") -> None:
    """Have the list. schema: identity's, with its database where that is not the current one."""
    con.execute(f"create table if not exists {schema}.{name} ({LISTS[name]})")


def note(con: duckdb.DuckDBPyConnection, name: str, changed: str, schema: str = "identity") -> None:
    """Enter the rows of a query."""
    begin(con, name, schema)
    con.execute(f"insert into {schema}.{name} {changed}")


def strike(con: duckdb.DuckDBPyConnection, name: str, schema: str = "identity") -> None:
    """All of it is taken into account."""
    begin(con, name, schema)
    con.execute(f"delete from {schema}.{name}")

"""Step 5: clusters. Connected components of links and pairs above the publishing threshold, looked at again where people seem to be
mixed (see second_look), guarded by vetoes.

A night builds only components in which a record, its evidence, a link or a score changed (see region). Plain components go through one
library call; only components with a conflict, or too large or too sparse, are looked at one by one (see grouping). Which id a cluster
gets does not belong here: see lasting_ids.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cdp_assets.engine import given
from cdp_assets.identity.cached_tables import (
    at_once,
    digest_of,
    digest_of_facts,
    forget,
    keep_made_by,
    made_by,
)
from cdp_assets.identity.changes import note, strike
from cdp_assets.identity.context import IDENTITY_DIR, IdentityContext, StepSummary
from cdp_assets.identity.customers.grouping import (
    NEVER_SPARSE,
    Edge,
    cluster_component,
    is_suspicious,
    publish_weight,
    split_suspicious,
)
from cdp_assets.identity.customers.region import write_region
from cdp_assets.identity.customers.second_look import look_again
from cdp_assets.sql_text import from_file

_CODE = (
    "customers/clusters.py", "customers/grouping.py", "customers/built_clusters.sql", "customers/second_look.py", "scoring/inputs.py",
    "evidence/compatibility.py", "evidence/spelling.py",
)  # fmt: skip
_LIBRARIES = ("duckdb", "splink", "scipy", "numpy")
LINK_WEIGHT = 60.0
RULING_WEIGHT = 1e6
_CUTS_SHOWN = 20  # strongest edges cut from one suspicious component that a steward gets to see


def build_clusters(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.clusters and identity.cluster_conflicts from nodes, scored_nodes, pairs, links and rulings.

    clusters: one row per record_key: cluster_key (its smallest record_key), confidence (probability of the best evidence that ties
    the record to another of its cluster; 1 where it stands alone or by a link), component_key (the smallest record_key of the component
    that it was in before anything was split). cluster_conflicts: one row per refused union or held component: kind, record_key_l,
    record_key_r, match_weight, record_count.
    """
    maker = _made_by(con, ctx)
    is_held = maker is not None and made_by(con, "clusters") == maker
    write_region(con, is_held=is_held)
    _write_units(con, ctx)
    units = con.execute("select count(*) from cluster_units").fetchall()[0][0]
    edges = con.execute(
        "select unit_l, unit_r, weight from cluster_edges order by unit_l, unit_r"
    ).fetchnumpy()
    left, right = edges["unit_l"].astype(np.int64), edges["unit_r"].astype(np.int64)
    weight = np.asarray(edges["weight"], dtype=np.float64)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(units, units))
    whole = (
        connected_components(graph, directed=False)[1].astype(np.int64)
        if units
        else np.zeros(0, dtype=np.int64)
    )
    component, cuts = look_again(
        con, ctx, whole, {"unit_l": left, "unit_r": right, "weight": weight},
        publish_weight=publish_weight(ctx), link_weight=LINK_WEIGHT,
    )  # fmt: skip
    inside = component[left] == component[right]
    left, right, weight = left[inside], right[inside], weight[inside]
    conflicts = _Conflicts.read(con, ctx)
    troubled = _troubled_components(component, left, conflicts, con, ctx)
    label, problems = _recluster(component, left, right, weight, troubled, conflicts, ctx)
    _write_clusters(con, whole, label, cuts + problems)
    built = con.execute("select count(*) from unit_records").fetchall()[0][0]
    _take_over(con, maker, is_held=is_held)
    records, clusters, largest = con.execute(
        "select sum(n), count(*), max(n) from (select count(*) as n from identity.clusters group by cluster_key)"
    ).fetchall()[0]
    return StepSummary(
        "build_clusters",
        {"records": records or 0, "records_clustered": built, "clusters": clusters, "largest_cluster": largest or 0,
         "components_rebuilt": len(troubled), "refused_unions": len(problems), "edges_cut": len(cuts)},
    )  # fmt: skip


def _made_by(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> str | None:
    """What decides about clusters beside nodes, scores and links as they change; None where these are not kept either."""
    makers = [made_by(con, table) for table in ("nodes", "pairs")]
    knobs = ctx.knobs
    if None in makers:
        return None
    return digest_of_facts(
        *makers, _rules(), sorted(ctx.verified.items()), knobs.publish_probability, knobs.max_cluster_records,
        knobs.max_cluster_nodes, knobs.min_cluster_density,
    )  # fmt: skip


@cache
def _rules() -> str:
    """Digest of the code that builds clusters."""
    return digest_of([IDENTITY_DIR / name for name in _CODE], _LIBRARIES)


def _write_units(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> None:
    """Temp tables unit_records, cluster_units (a unit is a node that holds together, else a record) and cluster_edges.

    A unit's unit_key is its smallest record_key; units are numbered in that order, so that ties do not depend on the order of rows.
    """
    con.execute(
        f"""
        create or replace temp table unit_records as
        with held as (
            select node_key, min(record_key) as unit_key, count(*) as record_count, any_value(self_weight) as self_weight
            from identity.nodes
            semi join region using (record_key)
            join identity.scored_nodes using (node_key)
            where self_weight >= {publish_weight(ctx)}
            group by node_key
        ),
        placed as (
            select
                nodes.record_key, nodes.node_key, coalesce(held.unit_key, nodes.record_key) as unit_key,
                coalesce(held.record_count, 1) as record_count, held.self_weight,
            from identity.nodes as nodes
            semi join region using (record_key)
            left join held using (node_key)
        ),
        numbered as (
            select unit_key, row_number() over (order by unit_key) - 1 as unit from placed where record_key = unit_key
        )
        select * from placed join numbered using (unit_key)
        """
    )
    con.execute(
        """
        create or replace temp table cluster_units as
        select unit, unit_key, node_key, record_count, self_weight from unit_records where record_key = unit_key
        """
    )
    con.execute(
        f"""
        create or replace temp table cluster_edges as
        with edges as (
            select l.unit as a, r.unit as b, pairs.match_weight as weight
            from identity.pairs as pairs
            join cluster_units as l on l.node_key = pairs.node_key_l
            join cluster_units as r on r.node_key = pairs.node_key_r
            where pairs.match_probability >= {ctx.knobs.publish_probability}
            union all
            select l.unit, r.unit, case when links.link_type = 'ruling' then {RULING_WEIGHT} else {LINK_WEIGHT} end
            from identity.links as links
            join unit_records as l on l.record_key = links.record_key_l
            join unit_records as r on r.record_key = links.record_key_r
            where not links.is_refused
        )
        select least(a, b) as unit_l, greatest(a, b) as unit_r, max(weight) as weight
        from edges where a <> b
        group by unit_l, unit_r
        """
    )


@dataclass(frozen=True)
class _Conflicts:
    """Vetoes by unit: cannot-link pairs, and values of which a person has one (kind → value): what a channel verified, and which
    bearer of the family's name it is (a father and a son of one name share phone and house)."""

    cannot_link: list[tuple[int, int]]
    only_one: dict[int, dict[str, str]]

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> _Conflicts:
        pairs = con.execute(
            """
            select l.unit, r.unit from state.rulings as s
            join unit_records as l on l.record_key = s.record_key_l
            join unit_records as r on r.record_key = s.record_key_r
            where s.kind = 'cannot_link' and not s.is_undone and l.unit <> r.unit
            order by 1, 2
            """
        ).fetchall()
        only_one: dict[int, dict[str, str]] = defaultdict(dict)
        for unit, generation in con.execute(
            "select unit, name_generation from cluster_units join identity.node_evidence using (node_key) "
            "where name_generation is not null order by 1"
        ).fetchall():
            only_one[unit]["name_generation"] = generation
        for channel, kinds in sorted(ctx.verified.items()):
            for kind in kinds:
                # A document number is one per person everywhere; a phone or e-mail only within the channel that verified it.
                name = kind if kind == "national_id" else f"{kind}@{channel}"
                rows = con.execute(
                    "select u.unit, min(i.identifier_value) from identity.identifiers as i "
                    "join identity.records as r using (record_key) join unit_records as u using (record_key) "
                    "where r.channel = ? and i.identifier_type = ? and not i.is_blocked and r.contact_role = 'buyer' "
                    "group by u.unit having count(distinct i.identifier_value) = 1 order by 1",
                    [channel, kind],
                ).fetchall()
                for unit, value in rows:
                    only_one[unit].setdefault(name, value)
        return cls([(int(a), int(b)) for a, b in pairs], dict(only_one))


def _troubled_components(
    component: np.ndarray,
    left: np.ndarray,
    conflicts: _Conflicts,
    con: duckdb.DuckDBPyConnection,
    ctx: IdentityContext,
) -> dict[int, str]:
    """Components that need a closer look: 'conflict' or 'suspicious'."""
    troubled = _suspicious_components(component, left, con, ctx) if len(component) else {}
    for a, b in conflicts.cannot_link:
        if component[a] == component[b]:
            troubled[int(component[a])] = "conflict"
    held: dict[tuple[int, str], str] = {}
    for unit, values in conflicts.only_one.items():
        for kind, value in values.items():
            if held.setdefault((int(component[unit]), kind), value) != value:
                troubled[int(component[unit])] = "conflict"
    return troubled


_Trouble = tuple[str, int, int, float, int]  # kind, unit, unit, weight, units


def _suspicious_components(
    component: np.ndarray, left: np.ndarray, con: duckdb.DuckDBPyConnection, ctx: IdentityContext
) -> dict[int, str]:
    """Components that are too large or too sparse."""
    size = np.bincount(component)
    edge_count = np.bincount(component[left], minlength=len(size)) if len(left) else np.zeros_like(size)
    records = con.execute("select record_count from cluster_units order by unit").fetchnumpy()["record_count"]
    record_count = np.bincount(component, weights=records)
    fewest = min(NEVER_SPARSE, ctx.knobs.max_cluster_nodes)
    large = np.flatnonzero((size > fewest) | (record_count > ctx.knobs.max_cluster_records * 10))
    return {
        int(index): "suspicious"
        for index in large
        if size[index] > 1
        and is_suspicious(int(size[index]), int(edge_count[index]), int(record_count[index]), ctx)
    }


def _recluster(
    component: np.ndarray, left: np.ndarray, right: np.ndarray, weight: np.ndarray, troubled: dict[int, str],
    conflicts: _Conflicts, ctx: IdentityContext,
) -> tuple[np.ndarray, list[_Trouble]]:  # fmt: skip
    """Label per unit after the closer look, and the problems (kind, unit, unit, weight, units)."""
    label = component.copy()
    next_label = int(component.max()) + 1 if len(component) else 0
    problems: list[_Trouble] = []
    if not troubled:
        return label, problems
    wanted = np.isin(component, list(troubled))
    members: dict[int, list[int]] = defaultdict(list)
    for unit in np.flatnonzero(wanted):
        members[int(component[unit])].append(int(unit))
    edges: dict[int, list[Edge]] = defaultdict(list)
    for place in np.flatnonzero(wanted[left]):
        edges[int(component[left[place]])].append((float(weight[place]), int(left[place]), int(right[place])))
    cannot: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for a, b in conflicts.cannot_link:
        cannot[int(component[a])].append((a, b))
    for index, units in sorted(members.items()):
        groups, found = _recluster_component(units, edges[index], cannot[index], conflicts, ctx)
        problems += found
        for group in groups:
            label[group] = next_label
            next_label += 1
    return label, problems


def _recluster_component(
    units: list[int], edges: list[Edge], cannot: list[tuple[int, int]], conflicts: _Conflicts, ctx: IdentityContext
) -> tuple[list[list[int]], list[_Trouble]]:  # fmt: skip
    """The groups that one troubled component falls into, and its problems: what was held, refused and cut."""
    problems: list[_Trouble] = []
    parts: list[list[int]] = [units]
    if is_suspicious(len(units), len(edges), 0, ctx):
        accepted, held = split_suspicious(units, edges, ctx)
        problems += [("held", part[0], part[-1], 0.0, len(part)) for part in held]
        parts = accepted + held
    inner = _within(parts, edges)
    if len(parts) > 1:
        inner = [edge for edge in inner if edge[0] >= publish_weight(ctx)]
    only_one = {unit: conflicts.only_one[unit] for unit in units if unit in conflicts.only_one}
    groups, refused = cluster_component(units, inner, cannot, only_one)
    problems += [("refused", a, b, w, len(units)) for w, a, b in refused]
    if len(parts) > 1:
        problems += [("held", a, b, w, len(units)) for w, a, b in _cuts(groups, edges, refused)]
    return groups, problems


def _within(parts: list[list[int]], edges: list[Edge]) -> list[Edge]:
    """The edges whose ends are in one part."""
    part_of = {unit: number for number, part in enumerate(parts) for unit in part}
    return [edge for edge in edges if part_of[edge[1]] == part_of[edge[2]]]


def _cuts(groups: list[list[int]], edges: list[Edge], refused: list[Edge]) -> list[Edge]:
    """The strongest edges between groups that no veto refused: what a steward should look at."""
    group_of = {unit: number for number, group in enumerate(groups) for unit in group}
    apart = [(w, a, b) for w, a, b in edges if group_of[a] != group_of[b] and (w, a, b) not in refused]
    return sorted(apart, key=lambda edge: (-edge[0], *edge[1:]))[:_CUTS_SHOWN]


def _write_clusters(
    con: duckdb.DuckDBPyConnection,
    component: np.ndarray,
    label: np.ndarray,
    problems: list[tuple[str, int, int, float, int]],
) -> None:
    """Temp tables built_clusters and built_conflicts: what the two tables say of the region."""
    labels = {"unit": np.arange(len(label), dtype=np.int64), "label": label, "component": component}
    with given(con, "unit_labels_view", _arrow(labels)):
        con.execute("create or replace temp table unit_labels as select * from unit_labels_view")
    con.execute(from_file(__name__, "built_clusters"))
    con.execute(
        "create or replace temp table problems (kind varchar, unit_l bigint, unit_r bigint, match_weight double, record_count bigint)"
    )
    if problems:
        con.executemany("insert into problems values (?, ?, ?, ?, ?)", problems)
    con.execute(
        """
        create or replace temp table built_conflicts as
        select kind, l.unit_key as record_key_l, r.unit_key as record_key_r, match_weight, problems.record_count
        from problems join cluster_units as l on l.unit = unit_l join cluster_units as r on r.unit = unit_r
        """
    )


def _take_over(con: duckdb.DuckDBPyConnection, maker: str | None, *, is_held: bool) -> None:
    """Put what was built in the place of what the tables say of the region, and strike the changes that led to it."""
    with at_once(con):
        for table, built, key in (
            ("clusters", "built_clusters", "record_key"),
            ("cluster_conflicts", "built_conflicts", "record_key_l"),
        ):
            if is_held:
                con.execute(f"delete from identity.{table} where {key} in (from region)")
                con.execute(f"insert into identity.{table} from {built}")
            else:
                con.execute(f"create or replace table identity.{table} as from {built}")
        if is_held:
            note(con, "unassigned", "from region")
        else:
            forget(con, "customer_ids")
        strike(con, "unclustered")
        if maker is not None:
            keep_made_by(con, "clusters", maker)
    for table in ("region", "unit_labels", "unit_records", "cluster_units", "cluster_edges", "problems", "built_clusters", "built_conflicts"):  # fmt: skip
        con.execute(f"drop table if exists temp.{table}")


def _arrow(columns: dict[str, np.ndarray]) -> object:
    import pyarrow

    return pyarrow.table(columns)

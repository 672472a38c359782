"""Step 5: clusters. Connected components of links and pairs above the publishing threshold, looked at again where people seem to be
mixed (see second_look), guarded by vetoes.

Plain components go through one library call; only components with a conflict, or too large or too sparse, are looked at one by
one. Which id a cluster gets does not belong here: see lasting_ids.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cdp_assets.engine import given
from cdp_assets.identity.context import IdentityContext, StepSummary
from cdp_assets.identity.customers.second_look import look_again

LINK_WEIGHT = 60.0
RULING_WEIGHT = 1e6
_RISING = (2.0, 4.0, 8.0, 16.0, 32.0)
_CUTS_SHOWN = 20  # strongest edges cut from one suspicious component that a steward gets to see

Edge = tuple[float, int, int]


@dataclass
class UnionFind:
    """Sets that grow together unless a veto speaks: cannot-link pairs and at most one verified value per kind."""

    values: dict[int, dict[str, str]]
    forbidden: dict[int, set[int]]
    parent: dict[int, int] = field(default_factory=dict)
    refused: list[Edge] = field(default_factory=list)

    def find(self, member: int) -> int:
        root = member
        while self.parent.setdefault(root, root) != root:
            root = self.parent[root]
        while self.parent[member] != root:
            self.parent[member], member = root, self.parent[member]
        return root

    def may_join(self, left: int, right: int) -> bool:
        """left and right are roots."""
        if right in self.forbidden.get(left, ()):
            return False
        held, other = self.values.get(left, {}), self.values.get(right, {})
        return all(held[kind] == other[kind] for kind in held.keys() & other.keys())

    def join(self, edge: Edge) -> None:
        left, right = self.find(edge[1]), self.find(edge[2])
        if left == right:
            return
        if not self.may_join(left, right):
            self.refused.append(edge)
            return
        keep, gone = min(left, right), max(left, right)
        self.parent[gone] = keep
        merged = self.forbidden.pop(gone, set())
        self.forbidden.setdefault(keep, set()).update(merged)
        for other in merged:
            self.forbidden[other].discard(gone)
            self.forbidden[other].add(keep)
        self.values.setdefault(keep, {}).update(self.values.pop(gone, {}))


def cluster_component(
    members: Iterable[int],
    edges: list[Edge],
    cannot_link: Iterable[tuple[int, int]] = (),
    verified: dict[int, dict[str, str]] | None = None,
) -> tuple[list[list[int]], list[Edge]]:
    """Clusters of one component, best edge first (ties by member), refusing each union that breaks a veto.

    Returns the clusters (each sorted, in order of their smallest member) and the edges refused.
    """
    forbidden: dict[int, set[int]] = defaultdict(set)
    for left, right in cannot_link:
        forbidden[left].add(right)
        forbidden[right].add(left)
    sets = UnionFind({m: dict(v) for m, v in (verified or {}).items()}, dict(forbidden))
    for edge in sorted(edges, key=lambda e: (-e[0], min(e[1], e[2]), max(e[1], e[2]))):
        sets.join(edge)
    groups: dict[int, list[int]] = defaultdict(list)
    for member in sorted(members):
        groups[sets.find(member)].append(member)
    return sorted(groups.values(), key=lambda group: group[0]), sets.refused


def is_suspicious(node_count: int, edge_count: int, record_count: int, ctx: IdentityContext) -> bool:
    """True for a component too large, or too sparse for its size, to be one person without a second look."""
    if node_count > ctx.knobs.max_cluster_nodes or record_count > ctx.knobs.max_cluster_records * 10:
        return True
    possible = node_count * (node_count - 1) / 2
    return node_count > 12 and edge_count / possible < ctx.knobs.min_cluster_density


def split_suspicious(
    members: list[int], edges: list[Edge], ctx: IdentityContext
) -> tuple[list[list[int]], list[list[int]]]:
    """Re-cluster at rising thresholds until no part is suspicious: (accepted parts, parts to hold for review as they are)."""
    accepted: list[list[int]] = []
    open_parts: list[tuple[list[int], list[Edge]]] = [(members, edges)]
    base = _publish_weight(ctx)
    for rise in _RISING:
        next_parts: list[tuple[list[int], list[Edge]]] = []
        for part, part_edges in open_parts:
            for group, inner in _regrouped(part, part_edges, base + rise):
                if is_suspicious(len(group), len(inner), 0, ctx):
                    next_parts.append((group, inner))
                else:
                    accepted.append(group)
        open_parts = next_parts
    return accepted, [part for part, _ in open_parts]


def _regrouped(part: list[int], edges: list[Edge], threshold: float) -> list[tuple[list[int], list[Edge]]]:
    """What a part falls into under edges of at least `threshold`: (members, their edges) of each group."""
    strong = [edge for edge in edges if edge[0] >= threshold]
    groups, _ = cluster_component(part, strong)
    place = {member: index for index, group in enumerate(groups) for member in group}
    inner: dict[int, list[Edge]] = defaultdict(list)
    for edge in strong:
        inner[place[edge[1]]].append(edge)
    return [(group, inner[index]) for index, group in enumerate(groups)]


def _publish_weight(ctx: IdentityContext) -> float:
    return math.log2(ctx.knobs.publish_probability / (1 - ctx.knobs.publish_probability))


def build_clusters(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.clusters and identity.cluster_conflicts from nodes, scored_nodes, pairs, links and rulings.

    clusters: one row per record_key: cluster_key (its smallest record_key), confidence (probability of the best evidence that ties
    the record to another of its cluster; 1 where it stands alone or by a link). cluster_conflicts: one row per refused union or
    held component: kind, record_key_l, record_key_r, match_weight, record_count.
    """
    _write_units(con, ctx)
    units = con.execute("select count(*) from cluster_units").fetchall()[0][0]
    edges = con.execute(
        "select unit_l, unit_r, weight from cluster_edges order by unit_l, unit_r"
    ).fetchnumpy()
    left, right = edges["unit_l"].astype(np.int64), edges["unit_r"].astype(np.int64)
    weight = np.asarray(edges["weight"], dtype=np.float64)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(units, units))
    component = (
        connected_components(graph, directed=False)[1].astype(np.int64)
        if units
        else np.zeros(0, dtype=np.int64)
    )
    component, cuts = look_again(
        con, ctx, component, {"unit_l": left, "unit_r": right, "weight": weight},
        publish_weight=_publish_weight(ctx), link_weight=LINK_WEIGHT,
    )  # fmt: skip
    inside = component[left] == component[right]
    left, right, weight = left[inside], right[inside], weight[inside]
    conflicts = _Conflicts.read(con, ctx)
    troubled = _troubled_components(component, left, conflicts, con, ctx)
    label, problems = _recluster(component, left, right, weight, troubled, conflicts, ctx)
    _write_clusters(con, label, cuts + problems)
    records, clusters, largest = con.execute(
        "select count(*), count(distinct cluster_key), (select max(n) from (select count(*) as n from identity.clusters group by "
        "cluster_key)) from identity.clusters"
    ).fetchall()[0]
    return StepSummary(
        "build_clusters",
        {"records": records, "clusters": clusters, "largest_cluster": largest or 0, "components_rebuilt": len(troubled),
         "refused_unions": len(problems), "edges_cut": len(cuts)},
    )  # fmt: skip


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
            join identity.scored_nodes using (node_key)
            where self_weight >= {_publish_weight(ctx)}
            group by node_key
        ),
        placed as (
            select
                nodes.record_key, nodes.node_key, coalesce(held.unit_key, nodes.record_key) as unit_key,
                coalesce(held.record_count, 1) as record_count, held.self_weight,
            from identity.nodes as nodes
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
    """Vetoes by unit: cannot-link pairs, and verified values (kind → value)."""

    cannot_link: list[tuple[int, int]]
    verified: dict[int, dict[str, str]]

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
        verified: dict[int, dict[str, str]] = defaultdict(dict)
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
                    verified[unit].setdefault(name, value)
        return cls([(int(a), int(b)) for a, b in pairs], dict(verified))


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
    for unit, values in conflicts.verified.items():
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
    large = np.flatnonzero((size > 12) | (record_count > ctx.knobs.max_cluster_records * 10))
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
        inner = [edge for edge in inner if edge[0] >= _publish_weight(ctx)]
    verified = {unit: conflicts.verified[unit] for unit in units if unit in conflicts.verified}
    groups, refused = cluster_component(units, inner, cannot, verified)
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
    con: duckdb.DuckDBPyConnection, label: np.ndarray, problems: list[tuple[str, int, int, float, int]]
) -> None:
    units = np.arange(len(label), dtype=np.int64)
    labels = {"unit": units, "label": label}
    with given(con, "unit_labels_view", _arrow(labels)):
        con.execute("create or replace temp table unit_labels as select * from unit_labels_view")
    con.execute(
        """
        create or replace table identity.clusters as
        with keyed as (
            select label, min(unit_key) as cluster_key from cluster_units join unit_labels using (unit) group by label
        ),
        support as (
            select unit, max(weight) as weight from (
                select unnest([e.unit_l, e.unit_r]) as unit, e.weight from cluster_edges as e
                join unit_labels as l on l.unit = e.unit_l join unit_labels as r on r.unit = e.unit_r where l.label = r.label
                union all
                select unit, self_weight from cluster_units where record_count > 1 and self_weight is not null
            ) group by unit
        )
        select
            unit_records.record_key,
            keyed.cluster_key,
            coalesce(1 / (1 + pow(2, -least(support.weight, 60))), 1.0) as confidence,
        from unit_records
        join unit_labels using (unit)
        join keyed using (label)
        left join support using (unit)
        """
    )
    con.execute(
        "create or replace table identity.cluster_conflicts (kind varchar, record_key_l varchar, record_key_r varchar, "
        "match_weight double, record_count bigint)"
    )
    for kind, a, b, weight, count in problems:
        con.execute(
            "insert into identity.cluster_conflicts select ?, (select unit_key from cluster_units where unit = ?), "
            "(select unit_key from cluster_units where unit = ?), ?, ?",
            [kind, a, b, weight, count],
        )
    for table in ("unit_labels", "unit_records", "cluster_units", "cluster_edges"):
        con.execute(f"drop table if exists temp.{table}")


def _arrow(columns: dict[str, np.ndarray]) -> object:
    import pyarrow

    return pyarrow.table(columns)

"""A second look at components in which two people seem to be mixed: every pair inside is scored, and the component clustered anew.

Plain components chain: one poor record that fits two people joins all that both have. A conflict only starts the second look and asks
for the average of the evidence; it forbids nothing by itself. Scores made here belong to the component as it is and are kept nowhere.
Vetoes (rulings, verified identifiers) do not belong here: see clusters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import duckdb
import numpy as np

from cdp_assets.engine import given
from cdp_assets.identity.context import IdentityContext
from cdp_assets.identity.evidence.compatibility import aliased, given_names_conflict
from cdp_assets.identity.evidence.spelling import few_errors
from cdp_assets.identity.scoring.inputs import make_linker, predict, prepare_compared
from cdp_assets.identity.scoring.model import Model, current_model_read_only
from cdp_assets.identity.scoring.scratch import Scratch, scratch_database
from cdp_assets.keys import register_pseudonym

# Constants, chosen on the open sets of the bench (docs/decisions/0025).
_MOST_UNITS = 400  # larger components are never one person's: clusters holds them for review
_MOST_BITS = 10.0  # what one pair can say in an average
_CUT_LONE = -6.0  # bits, where a conflict may be one record's slip; where both values are carried twice: the publishing threshold
_CUTS_SHOWN = 20  # strongest edges cut from one component that a steward gets to see

_GIVEN = given_names_conflict(aliased, knows_names=True)
_DOCUMENT = f"coalesce(not {few_errors('l.national_id', 'r.national_id', 1)}, false)"
_OTHER_DOCUMENT = f"coalesce(not {few_errors('l.national_id', 'r.national_id', 2)}, false)"
_BIRTH = """coalesce(
    right(l.birth_key, 2) <> '00' and right(r.birth_key, 2) <> '00' and hamming(l.birth_key, r.birth_key) > 2
    and not (substr(l.birth_key, 5, 2) = substr(r.birth_key, 7, 2) and substr(l.birth_key, 7, 2) = substr(r.birth_key, 5, 2)), false)"""


@dataclass(frozen=True)
class Inside:
    """All pairs of one component, as square arrays over its units in order.

    bits: match weight of the pair. has_conflict: their names, documents or birth dates cannot be one person's. edges: weight of what
    joins them (a published pair or a link), minus infinity where nothing does. cut: least average that joins two groups in conflict.
    """

    bits: np.ndarray
    has_conflict: np.ndarray
    edges: np.ndarray
    cut: float


def cluster_inside(inside: Inside, link_weight: float) -> list[list[int]]:
    """Groups of the component's places, best joined first (ties by place), each joined over an edge.

    What a link joins (an edge of at least link_weight) stays together. Two groups without a conflict are joined by their best edge; two
    with one only where the evidence, averaged over all pairs between them, is at least the cut.
    """
    total = np.clip(inside.bits, -_MOST_BITS, _MOST_BITS)
    best, conflicts = inside.edges.copy(), inside.has_conflict.copy()
    count = np.ones(len(total))
    alive = np.ones(len(total), dtype=bool)
    groups = [[place] for place in range(len(total))]
    while True:
        average = total / np.outer(count, count)
        score = np.where(
            conflicts & (best < link_weight), np.where(average >= inside.cut, average, -np.inf), best
        )
        score[(best == -np.inf) | ~np.outer(alive, alive)] = -np.inf
        np.fill_diagonal(score, -np.inf)
        keep, gone = sorted(divmod(int(score.argmax()), len(score)))
        if score[keep, gone] == -np.inf:
            return sorted(sorted(group) for place, group in enumerate(groups) if alive[place])
        total[keep] += total[gone]
        total[:, keep] = total[keep]
        best[keep] = np.maximum(best[keep], best[gone])
        best[:, keep] = best[keep]
        conflicts[keep] |= conflicts[gone]
        conflicts[:, keep] = conflicts[keep]
        count[keep] += count[gone]
        alive[gone] = False
        groups[keep] += groups[gone]


def look_again(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, component: np.ndarray, edges: dict[str, np.ndarray],
    *, publish_weight: float, link_weight: float,
) -> tuple[np.ndarray, list[tuple[str, int, int, float, int]]]:  # fmt: skip
    """The component of each unit after the second look, and the strongest edges that it cut ('held', unit, unit, weight, units).

    In: temp table cluster_units; edges (unit_l, unit_r, weight). Components without a conflict stay as they are.
    """
    if len(component) == 0 or int(np.bincount(component).max()) < 3:
        return component, []
    label, problems = component.copy(), []
    next_label = int(component.max()) + 1
    edges_of = _edges_of(component, edges)
    for index, units, inside in _read_insides(con, ctx, component, edges_of, publish_weight):
        groups = cluster_inside(inside, link_weight)
        if len(groups) == 1:
            continue
        for group in groups:
            label[units[group]] = next_label
            next_label += 1
        apart = [edge for edge in edges_of[index] if label[edge[1]] != label[edge[2]]]
        apart = sorted(apart, key=lambda edge: (-edge[0], edge[1], edge[2]))[:_CUTS_SHOWN]
        problems += [("held", a, b, bits, len(units)) for bits, a, b in apart]
    return label, problems


def _edges_of(component: np.ndarray, edges: dict[str, np.ndarray]) -> dict[int, list[tuple[float, int, int]]]:
    """Component → its edges (weight, unit, unit), for components of at least three units."""
    large = np.bincount(component) > 2
    found: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for place in np.flatnonzero(large[component[edges["unit_l"]]]):
        left, right = int(edges["unit_l"][place]), int(edges["unit_r"][place])
        found[int(component[left])].append((float(edges["weight"][place]), left, right))
    return found


def _read_insides(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, component: np.ndarray,
    edges_of: dict[int, list[tuple[float, int, int]]], publish_weight: float,
) -> list[tuple[int, np.ndarray, Inside]]:  # fmt: skip
    """(component, its units in order, all its pairs) of each component that needs a second look."""
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        if not _write_looked_at(con, scratch, component):
            return []
        model = current_model_read_only(con, ctx)
        prepare_compared(scratch, model, "select node_no from looked_at")
        _write_inner_pairs(scratch)
        scored = _score(scratch, model)
    if not len(scored["component"]):
        return []
    starts = np.flatnonzero(np.diff(scored["component"], prepend=-1))
    found = []
    for start, end in zip(starts, [*starts[1:], len(scored["component"])], strict=True):
        part = slice(start, end)
        left, right = scored["unit_l"][part], scored["unit_r"][part]
        units = np.unique(np.concatenate((left, right)))
        a, b = np.searchsorted(units, left), np.searchsorted(units, right)
        index = int(scored["component"][start])
        bits, conflict = (
            _square(len(units), a, b, scored["bits"][part], 0.0),
            np.zeros((len(units),) * 2, dtype=bool),
        )
        conflict[a, b] = conflict[b, a] = scored["has_conflict"][part]
        joined = np.array(edges_of[index])
        ends = np.searchsorted(units, joined[:, 1:].astype(np.int64))
        edges = _square(len(units), ends[:, 0], ends[:, 1], joined[:, 0], -np.inf)
        cut = publish_weight if scored["is_supported"][start] else publish_weight + _CUT_LONE
        found.append((index, units, Inside(bits, conflict, edges, cut)))
    return found


def _square(size: int, left: np.ndarray, right: np.ndarray, values: np.ndarray, rest: float) -> np.ndarray:
    filled = np.full((size, size), rest)
    filled[left, right] = filled[right, left] = values
    return filled


def _write_looked_at(con: duckdb.DuckDBPyConnection, scratch: Scratch, component: np.ndarray) -> int:
    """Scratch table looked_at (component, unit, node_no, given_count, document_count: units of the component with the same value) of
    components that may hold a conflict; returns how many units."""
    import pyarrow

    placed = pyarrow.table({"unit": np.arange(len(component)), "component": component})
    with given(con, "unit_components", placed):
        con.execute(
            f"""
            create or replace table {_scratch_name(scratch)}.looked_at as
            with placed as (
                select u.unit, c.component, e.rowid as node_no, e.given_key, e.given_canon, e.national_id
                from cluster_units as u
                join unit_components as c using (unit)
                join identity.node_evidence as e using (node_key)
            )
            select
                component, unit, node_no,
                count(*) over (partition by component, given_canon) as given_count,
                count(*) over (partition by component, national_id) as document_count,
            from placed
            semi join (
                select component from placed group by component
                having count(*) between 3 and {_MOST_UNITS} and (count(distinct given_key) > 1 or count(distinct national_id) > 1)
            ) as mixed using (component)
            """
        )
    return int(scratch.con.execute("select count(*) from looked_at").fetchall()[0][0])


def _scratch_name(scratch: Scratch) -> str:
    """The scratch database's name."""
    return str(scratch.con.execute("select current_database()").fetchall()[0][0])


def _write_inner_pairs(scratch: Scratch) -> None:
    """Scratch table inner_pairs: every pair of units of the components that hold a conflict, with whether the pair is one, and whether
    the component holds one of which both values are carried by two units (is_supported)."""
    scratch.con.execute(
        f"""
        create or replace table inner_pairs as
        with judged as (
            select
                a.component, a.unit as unit_l, b.unit as unit_r,
                least(a.node_no, b.node_no) as join_key_l, greatest(a.node_no, b.node_no) as join_key_r,
                {_GIVEN} or {_DOCUMENT} or {_BIRTH} as has_conflict,
                ({_GIVEN} and a.given_count > 1 and b.given_count > 1)
                    or ({_OTHER_DOCUMENT} and a.document_count > 1 and b.document_count > 1) as is_supported,
                {_GIVEN} and l.is_given_known and r.is_given_known as is_known,
            from looked_at as a
            join looked_at as b on b.component = a.component and a.unit < b.unit
            join compared as l on l.node_no = a.node_no
            join compared as r on r.node_no = b.node_no
        ),
        mixed as (
            select component, bool_or(is_supported) as is_supported from judged
            group by component having bool_or(is_supported or is_known)
        )
        select judged.* exclude (is_supported, is_known), mixed.is_supported from judged join mixed using (component)
        """
    )


def _score(scratch: Scratch, model: Model) -> dict[str, np.ndarray]:
    """inner_pairs with bits, in order of component and units."""
    wanted = "(select distinct 'inside' as match_key, join_key_l, join_key_r from inner_pairs)"
    scored = predict(make_linker(scratch, model), wanted).physical_name
    found = scratch.con.execute(
        f"""
        select p.component, p.unit_l, p.unit_r, s.match_weight as bits, p.has_conflict, p.is_supported
        from inner_pairs as p
        join {scored} as s on least(s.node_no_l, s.node_no_r) = p.join_key_l and greatest(s.node_no_l, s.node_no_r) = p.join_key_r
        order by p.component, p.unit_l, p.unit_r
        """
    ).fetchnumpy()
    return {name: np.asarray(values) for name, values in found.items()}

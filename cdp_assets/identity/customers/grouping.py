"""Groups within one component: sets that grow edge by edge under vetoes, and a component that is too large or too sparse taken apart.

Plain data only; which components come here belongs to clusters.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from cdp_assets.identity.context import IdentityContext

_RISING = (2.0, 4.0, 8.0, 16.0, 32.0)
NEVER_SPARSE = 12  # nodes; a person's few records may hang together by a thread

Edge = tuple[float, int, int]


@dataclass
class UnionFind:
    """Sets that grow together unless a veto speaks: cannot-link pairs, and of some kinds at most one value."""

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
    only_one: dict[int, dict[str, str]] | None = None,
) -> tuple[list[list[int]], list[Edge]]:
    """Clusters of one component, best edge first (ties by member), refusing each union that breaks a veto.

    Returns the clusters (each sorted, in order of their smallest member) and the edges refused.
    """
    forbidden: dict[int, set[int]] = defaultdict(set)
    for left, right in cannot_link:
        forbidden[left].add(right)
        forbidden[right].add(left)
    sets = UnionFind({m: dict(v) for m, v in (only_one or {}).items()}, dict(forbidden))
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
    return node_count > NEVER_SPARSE and edge_count / possible < ctx.knobs.min_cluster_density


def split_suspicious(
    members: list[int], edges: list[Edge], ctx: IdentityContext
) -> tuple[list[list[int]], list[list[int]]]:
    """Re-cluster at rising thresholds until no part is suspicious: (accepted parts, parts to hold for review as they are)."""
    accepted: list[list[int]] = []
    open_parts: list[tuple[list[int], list[Edge]]] = [(members, edges)]
    base = publish_weight(ctx)
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


def publish_weight(ctx: IdentityContext) -> float:
    return math.log2(ctx.knobs.publish_probability / (1 - ctx.knobs.publish_probability))

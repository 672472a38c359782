"""One channel's new load breaks that channel's staging models: it waits, and the night goes on with what was in force before.

A build that fails within staging, on nodes that each read one channel alone, is looked at once more: which of the deliveries that no
published generation knows yet do those nodes fail on? They are parked, and everything is built again. What they do not explain fails as before.
Knows nothing of Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from cdp_assets.as_of import newest_landed
from cdp_assets.dbt_runner import NodeResult
from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.parked import Delivered, admit, named, newly_delivered, park, try_without
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings

MOST_TRIED = 16  # deliveries tried one by one; of more, all wait
Build = Callable[[Sequence[str]], list[NodeResult]]
Exports = frozenset[tuple[str, str]]


def build_parking(
    settings: Settings, record: RunRecord, manifest: Mapping[str, Any], nodes: Collection[str], build: Build
) -> list[NodeResult]:
    """What became of `nodes` (unique ids): of the first build, or of one without the deliveries that broke it.

    `build` builds the nodes that it is given. Where parking mends all, the rulings stand in state and the record tells of them; else nothing changed.
    """
    results = build(list(nodes))
    failed = broken_nodes(manifest, nodes, results)
    if not failed:
        return results
    exports: Exports = frozenset().union(*failed.values())
    new = newly_delivered(settings, exports)
    if any(not reads & _exports_of(new) for reads in failed.values()):
        return results
    contracts = load_contracts(*settings.contract_dirs)

    def mends(left_out: Collection[Delivered]) -> bool:
        try_without(settings, contracts, left_out, exports)
        return all(each.passed for each in build(list(failed)))

    waiting = fewest(new, mends)
    try_without(settings, contracts, waiting, exports)
    dated = record.facts().get("as_of_date")
    date = settings.as_of_date or newest_landed(settings)
    if not waiting or date is None:
        try_without(settings, contracts, (), exports)
        return results
    record.set_facts(as_of_date=date)
    reasons = {each.unique_id: f"{_name(each)} {_reason(each)}" for each in results}
    park(settings, {each: _why(each, failed, reasons) for each in waiting}, record.run_id)
    again = build(list(nodes))
    if all(each.passed for each in again):
        record.tell(
            "staging", f"parked: {named(waiting)}; what was in force before stays so, and nothing else waits"
        )
        return again
    admit(settings, waiting, reason="without it the build failed as well", run_id=record.run_id)
    try_without(settings, contracts, (), exports)
    record.set_facts(as_of_date=dated)
    return results


def broken_nodes(
    manifest: Mapping[str, Any], nodes: Collection[str], results: Sequence[NodeResult]
) -> dict[str, Exports]:
    """Failed node of staging → the (channel, export) that it reads, if each reads one channel; else nothing.

    Nothing, too, where a staging model of such a channel is not among `nodes`: then what was built from it would stay as it was.
    """
    broken = [each.unique_id for each in results if not each.passed and each.status != "skipped"]
    reads = {node: _reads(manifest, node) for node in broken}
    # what is made of a broken load may fail with it: the build that follows tells
    failed = {node: exports for node, (exports, is_beyond) in reads.items() if not is_beyond}
    if any(len(_channels(exports)) != 1 for exports in failed.values()):
        return {}
    channels = _channels(frozenset().union(*failed.values()))
    return failed if set(_staging_of(manifest, channels)) <= set(nodes) else {}


def _staging_of(manifest: Mapping[str, Any], channels: frozenset[str]) -> Iterator[str]:
    """The staging models that read any of these channels."""
    for node, facts in manifest["nodes"].items():
        if _is_staging(facts) and channels & _channels(_reads(manifest, node)[0]):
            yield node


def _channels(exports: Exports) -> frozenset[str]:
    return frozenset(channel for channel, _ in exports)


def fewest(new: Sequence[Delivered], mends: Callable[[Collection[Delivered]], bool]) -> list[Delivered]:
    """Those of the deliveries without which the nodes build, as few as trying each one finds; none where leaving out all helps nothing."""
    waiting = list(new)
    if not mends(waiting):
        return []
    for each in sorted(new) if 1 < len(new) <= MOST_TRIED else []:
        rest = [other for other in waiting if other != each]
        if mends(rest):
            waiting = rest
    return waiting


def _reads(manifest: Mapping[str, Any], node: str) -> tuple[Exports, bool]:
    """(landed exports that a node is made of, whether it is made of a model beyond staging)."""
    reads, beyond = set(), False
    for parent in _ancestors(manifest, node):
        if parent.startswith("source."):
            source = manifest["sources"][parent]
            if source["source_name"] == "landing":
                meta = source["config"]["meta"]
                reads.add((meta["channel"], meta["export"]))
        elif parent.startswith("model."):
            beyond |= not _is_staging(manifest["nodes"][parent])
    facts = manifest["nodes"][node]
    return frozenset(reads), beyond or (facts["resource_type"] == "model" and not _is_staging(facts))


def _ancestors(manifest: Mapping[str, Any], node: str) -> Iterator[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for parent in set(manifest["parent_map"].get(waiting.pop(), ())) - found:
            found.add(parent)
            waiting.append(parent)
            yield parent


def _is_staging(facts: Mapping[str, Any]) -> bool:
    return bool(facts["resource_type"] == "model" and facts["schema"] == "staging")


def _exports_of(new: Sequence[Delivered]) -> Exports:
    return frozenset((each.channel, each.export) for each in new)


def _why(each: Delivered, failed: Mapping[str, Exports], reasons: Mapping[str, str]) -> str:
    """What failed on a delivery: nodes that read its export, with the engine's sentence, which holds no value."""
    return "; ".join(
        reasons[node] for node, reads in sorted(failed.items()) if (each.channel, each.export) in reads
    ) or "; ".join(reasons[node] for node in sorted(failed))


def _name(result: NodeResult) -> str:
    return result.unique_id.split(".")[2]


def _reason(result: NodeResult) -> str:
    said = (result.reason or "").partition("; look at")[0]
    return f"fails on it ({said or result.status})"

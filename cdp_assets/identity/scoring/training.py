"""Training: the prior's shares, corrected by what this base shows, checked before they are used.

Expectation maximisation over the pairs that Splink compares (Winkler 1988), maximum a posteriori: the prior counts as some pairs
already seen, so a rare level keeps its prior and a small base cannot run away. The household correction is derived anew from the
other levels. Freezing a model belongs to model; nothing here runs at night but on the first run.
"""

from __future__ import annotations

import copy
import json
import math
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from splink import Linker

from cdp_assets.identity.context import IdentityContext, IdentityProblem
from cdp_assets.identity.scoring.blocking import write_blocks, write_candidates
from cdp_assets.identity.scoring.comparisons import COMPARISONS, FIXED_BY, MUST_FALL
from cdp_assets.identity.scoring.inputs import make_linker, predict, prepare_compared
from cdp_assets.identity.scoring.model import (
    PRIOR_PATH,
    Model,
    Parameters,
    household_level,
    match_chance,
    prior_parameters,
    propose_model,
    set_household_levels,
)
from cdp_assets.identity.scoring.scratch import Scratch, scratch_database
from cdp_assets.keys import register_pseudonym

_PRIOR_PAIRS = 100.0  # matching pairs that the prior's m is worth
_PRIOR_STRANGERS = 20_000.0  # pairs of strangers that the prior's u is worth
_STRANGER_NODES = 500  # nodes whose every pair is looked at for u
_MOST_PAIRS = 150_000  # compared pairs that are looked at for m
_MOST_ITERATIONS = 60
_CONVERGED = 0.002
_POOLED_RISE = 2.0  # bits; a larger rise fails the training
_SAMPLED = " union ".join(
    f"select join_key_{side} from {pairs}" for side in "lr" for pairs in ("stranger_pairs", "blocked_pairs")
)
# Levels whose pairs blocking finds all.
# Comparison, level, and how many times less or more likely than the prior says strangers may share the value.
_SEEN_WHOLE = (
    ("address", "street_and_area", 1 / 5, 4.0), ("phone", "exact", 1 / 5, 4.0), ("email", "exact", 1 / 5, 4.0),
    ("national_id", "exact", 1.0, 50.0),
)  # fmt: skip
_HOUSEHOLD = next(comparison for comparison in COMPARISONS if comparison.name == "household")
_TRAINED = tuple(comparison for comparison in COMPARISONS if comparison is not _HOUSEHOLD)
# SQL: the places of the comparisons that some rule which found a pair does not fix, as bits.
_FREE_BITS = " + ".join(
    f"case when rules & {sum(1 << n for n, rule in enumerate(FIXED_BY) if comparison.name not in FIXED_BY[rule])} <> 0 "
    f"then {1 << place} else 0 end"
    for place, comparison in enumerate(_TRAINED)
)
_TWINS = 0.1  # most twins to expect per pair of relatives (about one birth in thirty is of twins; relatives are mostly siblings or couples)
_PRIOR_RELATIVES = 100.0  # pairs of relatives that are taken for granted


@dataclass(frozen=True)
class Patterns:
    """Agreement patterns with how often they occur: level per comparison (-1 not known), bits of term frequency, count.

    is_free: per comparison, whether a blocking rule finds these pairs that does not look at it (none given: all are). A level's share
    among matches is learnt from such pairs only: whom the birth date found has the same birth date.
    """

    levels: np.ndarray
    term_bits: np.ndarray
    count: np.ndarray
    household: np.ndarray
    is_free: np.ndarray | None = None

    def free(self, place: int) -> np.ndarray:
        """1.0 for the patterns from which the comparison at this place learns, 0.0 for the others."""
        return np.ones(len(self.count)) if self.is_free is None else self.is_free[:, place].astype(np.float64)


def learn_parameters(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext
) -> tuple[Parameters, dict[str, Any]]:
    """Parameters for this base and a report (passed, problems, iterations, levels left at their default).

    In: identity.node_evidence. The caller decides what to do with a report that did not pass.
    """
    register_pseudonym(con, ctx.key)

    nodes = con.execute("select count(*) from identity.node_evidence").fetchall()[0][0]
    parameters = prior_parameters(match_chance(con), nodes)
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        probe = propose_model(con, ctx, "probe", parameters, {})
        share = _write_samples(scratch, ctx)
        prepare_compared(scratch, probe, _SAMPLED)
        linker = make_linker(scratch, probe, with_details=True)
        calibrate_strangers(parameters, _count_patterns(scratch, linker, "stranger_pairs"))
        blocked = _count_patterns(scratch, linker, "blocked_pairs")
    report = maximise(parameters, blocked, share * nodes * (nodes - 1) / 2)
    report["pooled"] = pool_small_rises(parameters)
    report["problems"] = check_parameters(parameters, report)
    report["passed"] = not report["problems"]
    return parameters, report


def train_model(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> Model:
    """Make a new model version from identity.node_evidence and propose it (identity.models, identity.term_frequencies).

    Raises IdentityProblem, and proposes nothing, if training fails its own checks: the model in force stays.
    """
    parameters, report = learn_parameters(con, ctx)
    con.execute("delete from identity.models")
    con.execute("delete from identity.term_frequencies")
    if not report["passed"]:
        raise IdentityProblem(
            "training failed its checks, the model in force stays: " + "; ".join(report["problems"])
        )
    return propose_model(con, ctx, "trained", parameters, report)


def _write_samples(scratch: Scratch, ctx: IdentityContext) -> float:
    """Scratch tables stranger_pairs (every pair among a fixed sample of nodes, nearly all of them strangers) and blocked_pairs
    (pairs that share a block, or a fixed share of them); returns that share. Both samples go by hash, so they do not depend on order.
    """
    con = scratch.con
    con.execute(
        f"create or replace table strangers as select rowid as node_no from {scratch.home}.identity.node_evidence "
        f"order by hash(node_key), node_key limit {_STRANGER_NODES}"
    )
    con.execute(
        "create or replace table stranger_pairs as select 'strangers' as match_key, l.node_no as join_key_l, "
        "r.node_no as join_key_r from strangers as l join strangers as r on l.node_no < r.node_no"
    )
    write_blocks(scratch, ctx)
    found = write_candidates(scratch, with_rules=True)
    share = min(1.0, _MOST_PAIRS / max(found, 1))
    con.execute(
        f"create or replace table blocked_pairs as "
        f"select ({_FREE_BITS})::varchar as match_key, join_key_l, join_key_r from candidates "
        f"where hash(join_key_l, join_key_r) % 1000000 < {round(share * 1e6)}"
    )
    return share


def _count_patterns(scratch: Scratch, linker: Linker, pairs: str) -> Patterns:
    """Agreement patterns of a table of pairs."""
    scored = predict(linker, pairs)
    relation = scored.physical_name
    names = [comparison.name for comparison in _TRAINED]
    described = {row[0] for row in scratch.con.execute(f"describe select * from {relation}").fetchall()}
    terms = [f"coalesce(mw_tf_adj_{name}, 0)" for name in names if f"mw_tf_adj_{name}" in described]
    gammas = ", ".join(f"gamma_{name}" for name in names)
    rows = scratch.con.execute(
        f"""
        select {gammas}, gamma_household, round({" + ".join(terms) or "0"}, 0) as term_bits, match_key, count(*) as pair_count
        from {relation} group by all order by all
        """
    ).fetchnumpy()
    scored.drop_table_from_database_and_remove_from_cache()
    levels = np.stack([np.ma.filled(rows[f"gamma_{name}"], -1).astype(np.int64) for name in names], axis=1)
    return Patterns(
        levels, rows["term_bits"].astype(np.float64), rows["pair_count"].astype(np.float64),
        np.ma.filled(rows["gamma_household"], -1).astype(np.int64),
        _free_places(rows["match_key"]),
    )  # fmt: skip


def _free_places(match_keys: np.ndarray) -> np.ndarray | None:
    """The bits of each match_key as columns; None where the pairs were found by no rule."""
    if not all(str(key).isdigit() for key in match_keys):
        return None
    bits = np.array([int(key) for key in match_keys], dtype=np.int64).reshape(-1, 1)
    places: np.ndarray = (bits >> np.arange(len(_TRAINED))) & 1 == 1
    return places


def _level_number(comparison: Any, name: str) -> int:
    """Splink counts levels down to 0 for the last."""
    names = [level.name for level in comparison.levels]
    return len(names) - 1 - names.index(name)


def calibrate_strangers(parameters: Parameters, patterns: Patterns) -> None:
    """Set u from pairs of strangers, the prior counting as pairs seen; matches among them are taken out.

    Levels that term frequencies weigh, and identifiers (whose u goes with the size of the base), keep theirs.
    """
    prior = json.loads(PRIOR_PATH.read_text(encoding="utf-8"))["comparisons"]
    chance = parameters["lambda"]
    for place, comparison in enumerate(_TRAINED):
        known = patterns.count[patterns.levels[:, place] >= 0].sum()
        for level in comparison.levels:
            entry = parameters["comparisons"][comparison.name][level.name]
            if level.term or level.is_void or "u_per_match" in prior[comparison.name][level.name]:
                continue
            seen = patterns.count[patterns.levels[:, place] == _level_number(comparison, level.name)].sum()
            strangers = max(seen - chance * entry["m"] * known, 0.0)
            entry["u"] = float((strangers + _PRIOR_STRANGERS * entry["u"]) / (known + _PRIOR_STRANGERS))


def maximise(parameters: Parameters, patterns: Patterns, total_pairs: float) -> dict[str, Any]:
    """Set m (and lambda) by MAP-EM in place; returns iterations, change at the end and the levels left at their default."""
    prior = copy.deepcopy(parameters)
    support: dict[str, float] = {}
    change, iteration = math.inf, 0
    while change >= _CONVERGED and iteration < _MOST_ITERATIONS:
        iteration += 1
        share = _match_share(parameters, patterns)
        weighted = share * patterns.count
        learnt = [weighted * patterns.free(place) for place in range(len(_TRAINED))]
        change = 0.0
        for place, comparison in enumerate(_TRAINED):
            known = learnt[place][patterns.levels[:, place] >= 0].sum()
            for level in comparison.levels:
                entry = parameters["comparisons"][comparison.name][level.name]
                seen = learnt[place][patterns.levels[:, place] == _level_number(comparison, level.name)].sum()
                default = prior["comparisons"][comparison.name][level.name]["m"]
                updated = float((seen + _PRIOR_PAIRS * default) / (known + _PRIOR_PAIRS))
                change = max(change, abs(updated - entry["m"]))
                entry["m"] = updated
                if level.is_void:
                    entry["u"] = updated
                support[f"{comparison.name}.{level.name}"] = float(seen)
        _update_shared_contacts(parameters, prior, patterns, patterns.count - weighted, total_pairs)
        estimate = float(weighted.sum() / max(total_pairs, 1.0))
        parameters["lambda"] = min(max(estimate, prior["lambda"] / 3), prior["lambda"] * 3)
        set_household_levels(parameters)
        _weigh_twins(parameters, patterns)
    return {
        "iterations": iteration,
        "last_change": change,
        "converged": change < _CONVERGED,
        "matching_pairs": float(sum(_match_share(parameters, patterns) * patterns.count)),
        "defaults": sorted(name for name, seen in support.items() if seen < 1.0),
    }


def _update_shared_contacts(
    parameters: Parameters, prior: Parameters, patterns: Patterns, strangers: np.ndarray, total_pairs: float
) -> None:
    """Set u of what households share, and of documents that are lent, from the pairs that are not matches.

    Every pair that shares such a value is among the blocked ones, so their number is known, not sampled. A base without
    households may trust an address five times more than the prior does, one of large households four times less.
    """
    for name, level_name, least, most in _SEEN_WHOLE:
        place = next(i for i, comparison in enumerate(_TRAINED) if comparison.name == name)
        number = _level_number(_TRAINED[place], level_name)
        seen = float(strangers[patterns.levels[:, place] == number].sum()) / max(total_pairs, 1.0)
        default = prior["comparisons"][name][level_name]["u"]
        parameters["comparisons"][name][level_name]["u"] = min(max(seen, default * least), default * most)


def _weigh_twins(parameters: Parameters, patterns: Patterns) -> None:
    """Raise the levels other_person_N_birth as far as this base gives reason to.

    Who shares birth date and contact data but not the given name is a twin, or the same person under a replaced name. Twins come with
    households: there are as many as a tenth of the pairs that share contact data and have other birth dates. What is beyond
    that is no twins, so the level gets the weight at which just so many pairs remain strangers.
    """
    birth = next(i for i, comparison in enumerate(_TRAINED) if comparison.name == "birth_date")
    other_birth = [
        _level_number(_TRAINED[birth], name) for name in ("two_errors", "same_day_other_year", "else")
    ]
    levels = parameters["comparisons"]["household"]
    for shared in (1, 2, 3):
        relatives = patterns.household == _level_number(_HOUSEHOLD, f"other_person_{shared}")
        relatives &= np.isin(patterns.levels[:, birth], other_birth)
        twins = _TWINS * (float(patterns.count[relatives].sum()) + _PRIOR_RELATIVES)
        name = f"other_person_{shared}_birth"
        same_birth = patterns.household == _level_number(_HOUSEHOLD, name)
        count, least = patterns.count[same_birth], _bits(levels[name])
        evidence = _match_bits(parameters, patterns)[same_birth] - least
        low, high = least, 0.0
        while high - low > 0.01:
            middle = (low + high) / 2
            strangers = float((count / (1.0 + np.exp2(np.clip(evidence + middle, -200, 200)))).sum())
            low, high = (middle, high) if strangers > twins else (low, middle)
        if float(count.sum()) > twins:
            levels[name] = household_level(low)


def _match_share(parameters: Parameters, patterns: Patterns) -> np.ndarray:
    """Probability of each pattern to be a match under the parameters (the E step)."""
    chances: np.ndarray = 1.0 / (1.0 + np.exp2(-np.clip(_match_bits(parameters, patterns), -200, 200)))
    return chances


def _match_bits(parameters: Parameters, patterns: Patterns) -> np.ndarray:
    """Match weight of each pattern under the parameters."""
    chance = parameters["lambda"]
    bits: np.ndarray = np.full(len(patterns.count), math.log2(chance / (1 - chance))) + patterns.term_bits
    for column, comparison in [
        *((patterns.levels[:, i], c) for i, c in enumerate(_TRAINED)),
        (patterns.household, _HOUSEHOLD),
    ]:
        for level in comparison.levels:
            entry = parameters["comparisons"][comparison.name][level.name]
            bits[column == _level_number(comparison, level.name)] += math.log2(entry["m"] / entry["u"])
    return bits


def pool_small_rises(parameters: Parameters) -> list[str]:
    """Give neighbours of a chain one weight where the worse came out heavier (pool adjacent violators, Ayer and others 1955).

    Names are always put in order; elsewhere a rise of more than two bits says that something else is wrong, and is left to the checks.
    """
    pooled = []
    for name, chain in MUST_FALL:
        levels = parameters["comparisons"][name]
        for block in _blocks_in_order(levels, chain, math.inf if name == "name" else _POOLED_RISE):
            both = 2 ** _joint_bits(levels, block)
            for level in block:
                levels[level]["u"] = levels[level]["m"] / both
            pooled.append(f"{name}: {', '.join(block)}")
    return pooled


def _blocks_in_order(
    levels: dict[str, dict[str, float]], chain: tuple[str, ...], most: float
) -> list[list[str]]:
    """Neighbours of the chain that share one weight, so that weights fall along it but for rises of more than `most` bits."""
    blocks: list[list[str]] = []
    for level in chain:
        blocks.append([level])
        while (
            len(blocks) > 1 and 0 < _joint_bits(levels, blocks[-1]) - _joint_bits(levels, blocks[-2]) <= most
        ):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [block for block in blocks if len(block) > 1]


def _joint_bits(levels: dict[str, dict[str, float]], block: list[str]) -> float:
    """Weight of several levels taken as one."""
    return math.log2(sum(levels[each]["m"] for each in block) / sum(levels[each]["u"] for each in block))


def _bits(entry: dict[str, float]) -> float:
    return math.log2(entry["m"] / entry["u"])


def check_parameters(parameters: Parameters, report: dict[str, Any]) -> list[str]:
    """What is wrong with a training: not converged, a share out of range, weights that rise where they must fall."""
    problems = []
    if not report["converged"]:
        problems.append(
            f"no convergence after {report['iterations']} iterations (last change {report['last_change']:.4f})"
        )
    for name, levels in parameters["comparisons"].items():
        for level, entry in levels.items():
            if not (0 < entry["m"] <= 1 and 0 < entry["u"] <= 1):
                problems.append(f"{name}.{level} has a share outside 0 to 1")
    for name, chain in MUST_FALL:
        weights = [
            math.log2(
                parameters["comparisons"][name][level]["m"] / parameters["comparisons"][name][level]["u"]
            )
            for level in chain
        ]
        problems += [
            f"{name}: '{worse}' weighs more than '{better}'"
            for better, worse, heavy, light in zip(chain, chain[1:], weights, weights[1:], strict=False)
            if light > heavy + 0.5
        ]
    return problems

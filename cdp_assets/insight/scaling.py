"""Global credit that paths can carry: one weight per channel shares every conversion so that the channels' totals come out.

A model of the whole chain (removal effects, Shapley values on the chain) says how much credit each channel has in all; a
conversion can only credit the channels of its own path. Both agree where, for every set T of channels, the conversions whose
paths lie wholly in T are no more than T's credit: then weights w exist with

    credit of c = sum over sets S that hold c of conversions(S) * w[c] / sum of w over S,

found by iterative scaling (Deming and Stephan 1940), here by Newton's method on its convex dual. Where they do not, the
nearest credit that paths can carry is taken: the projection by Kullback-Leibler divergence, which is where iterative scaling
ends (Csiszar and Tusnady 1984). On the base polytope of this game it is the lexicographically optimal base (Fujishige 1980):
take the set T with the greatest conversions(T) / credit(T), give T exactly its conversions in proportion to its credit, and
go on with the rest. T's channels get nothing from paths that leave T, so the weights are of different orders: a set's
conversions go to its channels of the last such block.

Counting sets of channels belongs to the callers; what the raw credit means, to `markov` and `markov_shapley`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, identity

from cdp_assets.insight.chain import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

MOST_ENUMERATED = (
    16  # channels whose 2^n sets are looked at one by one; beyond, a linear programme finds the set
)
TIGHT = 1e-10  # relative: a set of channels whose credit is no more than its own conversions
FLOOR = 1e-15  # of all conversions: credit of a channel that the model gives none
AGREES = 1e-12  # of all conversions
STILL = 1e-6  # of all conversions, from one step to the next
LEAST = 1e-200  # of the greatest weight: below, numbers would end
MOST_STEPS = 200


@dataclass(frozen=True)
class SharedConversions:
    """`credit` (channels,) in all, and `shares` (sets, channels): what each channel gets of a conversion whose path holds the set."""

    credit: FloatArray
    shares: FloatArray
    is_projected: bool


def share_conversions(raw: FloatArray, members: BoolArray, conversions: FloatArray) -> SharedConversions:
    """Share the conversions of every set of channels so that the channels' totals are `raw`, or come nearest to it.

    raw: (channels,) >= 0, adding up to all conversions. members: (sets, channels), each set distinct and not empty.
    conversions: (sets,) > 0.
    """
    total = float(conversions.sum())
    shares = np.zeros(members.shape)
    credit = np.zeros(len(raw))
    left_members, left_conversions = members.copy(), conversions.astype(np.float64)
    left = members.any(axis=0)
    wanted = np.maximum(raw, FLOOR * total)
    greatest = 0.0
    while left.any():
        block, ratio = _densest(np.flatnonzero(left), wanted, left_members, left_conversions)
        greatest = max(greatest, ratio)
        inside = left_members.any(axis=1) & ~left_members[:, left & ~block].any(axis=1)
        credit[block] = wanted[block] * (left_conversions[inside].sum() / wanted[block].sum())
        shares[inside] = _shares_within(
            credit, left_members[inside] & block, left_conversions[inside], AGREES * total
        )
        left &= ~block
        left_members[inside] = False
        left_members[:, block] = False
    return SharedConversions(shares.T @ conversions, shares, greatest > 1.0 + 1e-9)


def scaled_credit(
    raw: FloatArray, members: BoolArray, conversions: FloatArray, steps: int = 400
) -> FloatArray:
    """Weights (replicates, channels) by plain iterative scaling, for many raw credits and counts of the same sets at once.

    raw: (replicates, channels), conversions: (replicates, sets). Ends at the projection where there is no exact answer;
    good to a few parts in ten thousand, which an interval needs no better.
    """
    holds = members.astype(np.float64)
    total = conversions.sum(axis=1, keepdims=True)
    wanted = np.maximum(raw, FLOOR * np.where(total > 0, total, 1.0))
    weights = wanted
    credit = np.full_like(weights, np.inf)
    for _ in range(steps):
        earlier = credit
        credit = weights * ((conversions / np.maximum(weights @ holds.T, 1e-290)) @ holds)
        # whose credit stands still is left alone: where there is no exact answer, weights part for ever
        moves = (np.abs(credit - earlier) > STILL * total).any(axis=1, keepdims=True)
        if not moves.any():
            break
        factor = np.divide(wanted, credit, out=np.ones_like(raw), where=moves & (credit > 0))
        weights = weights * factor
        weights = weights / weights.max(axis=1, keepdims=True)
        if weights.min() < LEAST:
            weights = _drawn_together(weights)
    return weights


def _drawn_together(weights: FloatArray) -> FloatArray:
    """Weights (replicates, channels) in the same order and, where they are near each other, the same ratios.

    Where there is no exact answer, blocks of weights part for ever; before numbers end, a gap beside which the smaller
    counts for nothing is made no wider than that.
    """
    widest = min(40.0, -np.log(LEAST) / max(weights.shape[1] - 1, 1))
    order = np.argsort(-weights, axis=1)
    logs = np.log(np.take_along_axis(weights, order, axis=1))
    falls = np.minimum(-np.diff(logs, axis=1), widest)
    near = np.exp(-np.cumsum(np.pad(falls, ((0, 0), (1, 0))), axis=1))
    drawn = np.empty_like(weights)
    np.put_along_axis(drawn, order, near, axis=1)
    return drawn


def _densest(
    channels: IntArray, wanted: FloatArray, members: BoolArray, conversions: FloatArray
) -> tuple[BoolArray, float]:
    """The smallest set of channels with the greatest conversions within it per credit, and that ratio."""
    if len(channels) <= MOST_ENUMERATED:
        chosen, ratio = _by_enumeration(wanted[channels], members[:, channels], conversions)
    else:
        chosen, ratio = _by_linear_programme(wanted[channels], members[:, channels], conversions)
    block = np.zeros(len(wanted), dtype=bool)
    block[channels[chosen]] = True
    return block, ratio


def _by_enumeration(
    wanted: FloatArray, members: BoolArray, conversions: FloatArray
) -> tuple[BoolArray, float]:
    count = len(wanted)
    bits = 1 << np.arange(count)
    within, credit = np.zeros(1 << count), np.zeros(1 << count)
    numbers = members @ bits
    np.add.at(within, numbers[numbers > 0], conversions[numbers > 0])
    for place in range(count):  # sums over subsets
        halves = within.reshape(-1, 2, 1 << place)
        halves[:, 1] += halves[:, 0]
        credit[1 << place : 2 << place] = credit[: 1 << place] + wanted[place]
    ratio = within[1:] / credit[1:]
    greatest = ratio.max()
    tight = np.flatnonzero(ratio >= greatest * (1.0 - TIGHT)) + 1
    sizes = (tight[:, None] & bits > 0).sum(axis=1)
    return tight[np.argmin(sizes)] & bits > 0, float(greatest)


def _by_linear_programme(
    wanted: FloatArray, members: BoolArray, conversions: FloatArray
) -> tuple[BoolArray, float]:
    """Dinkelbach's method: the set that gains most over the ratio found so far, until none does.

    Choosing the set is a closure problem, whose linear programme has whole solutions: take a set of channels' conversions
    only where all of them are paid for.
    """
    rows = members.any(axis=1)
    members, conversions = members[rows], conversions[rows]
    path, channel = np.nonzero(members)
    pairs = np.arange(len(path))
    shape = (len(path), len(members))
    needs = hstack(
        [
            csr_matrix((np.ones(len(path)), (pairs, path)), shape),
            -identity(members.shape[1], format="csr")[channel],
        ]
    )
    chosen = np.ones(members.shape[1], dtype=bool)
    ratio = conversions.sum() / wanted.sum()
    for _ in range(len(wanted) + 1):
        found = linprog(
            np.concatenate([-conversions, ratio * wanted]),
            A_ub=needs,
            b_ub=np.zeros(len(path)),
            bounds=(0, 1),
            method="highs",
        )
        better = found.x[len(members) :] > 0.5
        if not better.any():
            break
        gained = conversions[~members[:, ~better].any(axis=1)].sum() / wanted[better].sum()
        if gained <= ratio * (1.0 + TIGHT):
            break
        chosen, ratio = better, gained
    return chosen, float(ratio)


def _shares_within(
    credit: FloatArray, members: BoolArray, conversions: FloatArray, enough: float
) -> FloatArray:
    """Shares (sets, channels) of one block, whose totals are `credit`: Newton's method on the log-weights."""
    channels = np.flatnonzero(members.any(axis=0))
    holds, wanted = members[:, channels], credit[channels]
    logs = np.log(np.maximum(wanted, np.finfo(float).tiny))
    found, best = _shares(logs, holds), np.inf
    for _ in range(MOST_STEPS):
        missing = wanted - found.T @ conversions
        best = float(np.abs(missing).max())
        if best <= enough:
            break
        logs, found, better = _newton_step(logs, found, missing, holds, conversions, wanted)
        if not better:
            break
    shares = np.zeros(members.shape)
    shares[:, channels] = found
    return shares


def _newton_step(
    logs: FloatArray,
    found: FloatArray,
    missing: FloatArray,
    holds: BoolArray,
    conversions: FloatArray,
    wanted: FloatArray,
) -> tuple[FloatArray, FloatArray, bool]:
    """One damped step; False where no step brings the totals nearer."""
    slope = np.diag(found.T @ conversions) - (found * conversions[:, None]).T @ found
    direction = np.linalg.lstsq(slope, missing, rcond=1e-14)[0]
    direction *= min(1.0, 5.0 / max(float(np.abs(direction).max()), 1e-300))
    before = _dual(logs, holds, conversions, wanted)
    for halving in range(40):
        tried = logs + direction * 0.5**halving
        shares = _shares(tried, holds)
        nearer = np.abs(wanted - shares.T @ conversions).max() < np.abs(missing).max()
        if nearer or _dual(tried, holds, conversions, wanted) < before:
            return tried, shares, True
    return logs, found, False


def _dual(logs: FloatArray, holds: BoolArray, conversions: FloatArray, wanted: FloatArray) -> float:
    whole = special.logsumexp(np.where(holds, logs, -np.inf), axis=1)
    return float(conversions @ whole - wanted @ logs)


def _shares(logs: FloatArray, holds: BoolArray) -> FloatArray:
    shares: FloatArray = special.softmax(np.where(holds, logs, -np.inf), axis=1)
    return shares

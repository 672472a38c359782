"""Markov attribution: what would be lost without a channel, exactly, on a chain of order 1 to 3.

Removal effects and the credit that follows from them belong here. Counting is in `chain`, intervals in
`bootstrap`.

The chain (Anderl, Becker, von Wangenheim, Schumann 2016, "Mapping the customer journey", IJRM 33:457-474,
with the conventions of the R and Python package ChannelAttribution): each journey, converting or not, walks
from the start over its touches to "conversion" or "null". Its value is the mean value of the conversions
that ended in the state where it converts. Without channel c, every journey that would enter a state holding
c is lost. The removal effect of c is

    1 - (conversions without c) / (conversions with all channels)          and the same for value,

and the credit of c is its removal effect divided by the sum of all channels' removal effects, times the
total.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from cdp_assets.insight.chain import ChainCounts, FloatArray, IntArray

DENSE_STATES = 64  # up to here one LAPACK solve per channel; above, a Krylov method with residual check
RESIDUAL = 1e-15  # of expected visits per journey; removal effects inherit it


@dataclass(frozen=True)
class RemovalEffects:
    """Per channel, the share of conversions and of value that is lost without it (0 to 1)."""

    conversions: FloatArray
    value: FloatArray


def removal_effects(counts: ChainCounts) -> RemovalEffects:
    """Removal effect of every channel on the counted chain; all zero where there is not a conversion (or no value)."""
    journeys = counts.leaving[0]
    totals = np.array([counts.conversions.sum(), counts.value.sum()])
    kept = np.zeros((counts.n_channels, 2))
    if journeys > 0 and totals[0] > 0:
        chain = _observed_chain(counts)
        for channel in range(counts.n_channels):
            kept[channel] = chain.ends_without(channel) * journeys
    lost = np.where(totals > 0, 1.0 - kept / np.where(totals > 0, totals, 1.0), 0.0)
    lost = np.clip(lost, 0.0, 1.0)
    return RemovalEffects(conversions=lost[:, 0], value=lost[:, 1])


def credit(effects: FloatArray, total: float) -> FloatArray:
    """Split a total in proportion to effects; zero for all when every effect is zero."""
    whole = effects.sum()
    return effects / whole * total if whole > 0 else np.zeros_like(effects)


@dataclass(frozen=True)
class _ObservedChain:
    """The visited states only, state 0 the start. `holds[s, c]`: state s has channel c among its touches."""

    transitions: sparse.csr_matrix  # (states, states) probability of a further touch
    rewards: FloatArray  # (states, 2) expected conversions and value on leaving
    holds: np.ndarray

    def ends_without(self, channel: int) -> FloatArray:
        """Expected conversions and value of one journey from the start when `channel` is removed."""
        allowed = np.flatnonzero(~self.holds[:, channel])
        flow = self.transitions[allowed][:, allowed]
        result: FloatArray = _expected_visits(flow) @ self.rewards[allowed]
        return result


def _observed_chain(counts: ChainCounts) -> _ObservedChain:
    leaving = counts.leaving
    observed = np.flatnonzero(leaving > 0)
    rank = np.full(len(leaving), -1, dtype=np.int64)
    rank[observed] = np.arange(len(observed))
    row, channel = np.nonzero(counts.steps[observed])
    base = counts.n_channels + 1
    target = (observed[row] * base + channel + 1) % base**counts.order
    probability = counts.steps[observed[row], channel] / leaving[observed[row]]
    size = len(observed)
    transitions = sparse.csr_matrix((probability, (row, rank[target])), shape=(size, size))
    rewards = (
        np.column_stack([counts.conversions[observed], counts.value[observed]]) / leaving[observed, None]
    )
    return _ObservedChain(transitions, rewards, _channels_held(observed, counts))


def _channels_held(states: IntArray, counts: ChainCounts) -> np.ndarray:
    base = counts.n_channels + 1
    holds = np.zeros((len(states), base), dtype=bool)
    for place in range(counts.order):
        holds[np.arange(len(states)), states // base**place % base] = True
    return holds[:, 1:]


def _expected_visits(flow: sparse.csr_matrix) -> FloatArray:
    """Expected visits to each state of one journey from state 0: solves (I - flow') visits = start."""
    size = flow.shape[0]
    start = np.zeros(size)
    start[0] = 1.0
    system = sparse.identity(size, format="csr") - flow.T.tocsr()
    if size <= DENSE_STATES:
        dense: FloatArray = np.linalg.solve(system.toarray(), start)
        return dense
    visits = np.zeros(size)
    for _ in range(10):  # iterative refinement: each pass solves for what the last left over
        residual = start - system @ visits
        if np.abs(residual).max() <= RESIDUAL:
            return visits
        correction, _ = sparse_linalg.bicgstab(system, residual, rtol=1e-10, maxiter=1_000)
        visits = visits + correction
    direct: FloatArray = sparse_linalg.spsolve(system.tocsc(), start)
    return direct

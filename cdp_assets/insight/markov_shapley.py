"""Shapley values of the game on the Markov chain: a coalition is worth what the chain yields with its
channels alone.

The game is v(S) = expected conversions (or value) of the order-1 chain of `chain` when every channel
outside S is removed (journeys that would enter it are lost), v(nothing) = 0. The credit of a channel is its
Shapley value, its mean marginal contribution over all orders in which channels may join (Shapley 1953), as
shares of v(all channels), which is the observed total. Exact: all 2^n coalitions are solved, so beyond
`MAX_CHANNELS` channels the model is unavailable.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from cdp_assets.insight.chain import ChainCounts, FloatArray
from cdp_assets.insight.shapley import ShapleyCredit

MAX_CHANNELS = 16


class Unavailable(ValueError):
    """The model cannot be computed exactly on this input; the message says why and what to do."""


def markov_shapley_credit(counts: ChainCounts) -> ShapleyCredit:
    """Conversions and value credited to each channel. Raises `Unavailable` beyond `MAX_CHANNELS` channels."""
    n_channels = counts.n_channels
    if n_channels > MAX_CHANNELS:
        raise Unavailable(
            f"Markov-Shapley is exact over at most {MAX_CHANNELS} marketing channels, there are {n_channels}: "
            "map sources to fewer channels in data/reference/marketing_channels.csv, or use markov_1 or shapley"
        )
    worth = coalition_worth(counts.at_order(1))
    shares = shapley_values(worth)
    return ShapleyCredit(conversions=shares[:, 0], value=shares[:, 1])


def coalition_worth(counts: ChainCounts) -> FloatArray:
    """(2^n, 2): conversions and value of each coalition of channels; bit c of the row number is channel c.

    Channels are eliminated one after the other, for all coalitions at once: left out, a channel's row and
    column go; taken in, journeys through it are added to the direct steps (Gaussian elimination of one
    state, I - Q regular since paths end).
    """
    journeys = counts.leaving[0]
    leaving = np.where(counts.leaving > 0, counts.leaving, 1.0)[:, None]
    rewards = np.column_stack([counts.conversions, counts.value])
    chain = (np.hstack([counts.steps, rewards]) / leaving)[
        None
    ]  # (coalitions so far, start + channels, channels + 2)
    for _ in range(counts.n_channels):
        within, column = chain[:, 1:2, :], chain[:, :, :1]
        through = column / (1.0 - within[:, :, :1]) * within
        left_out, taken_in = chain, chain + through
        chain = np.concatenate([left_out, taken_in])[:, [0, *range(2, chain.shape[1])], 1:]
    worth: FloatArray = chain[:, 0, :] * journeys
    return worth


def shapley_values(worth: FloatArray) -> FloatArray:
    """(n, k): Shapley value of each player in k games, given the worth of all 2^n coalitions (2^n, k)."""
    coalitions, games = worth.shape
    players = coalitions.bit_length() - 1
    size = np.array([bin(mask).count("1") for mask in range(coalitions)])
    weight_of_size = np.array(
        [factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)]
    )
    values = np.zeros((players, games))
    for player in range(players):
        by_membership = worth.reshape(-1, 2, 1 << player, games)
        gain = (by_membership[:, 1] - by_membership[:, 0]).reshape(-1, games)
        others = size.reshape(-1, 2, 1 << player)[:, 0].ravel()
        values[player] = weight_of_size[others] @ gain
    return values

"""How a pair's match weight adds up: Splink's waterfall as rows, for explanations and for the review queue."""

from __future__ import annotations

import math

from cdp_assets.identity.scoring.comparisons import COMPARISONS, Comparison
from cdp_assets.identity.scoring.model import Model
from cdp_assets.sql_text import literals


def starting_bits(model: Model) -> float:
    """How rarely two records are one person, before any evidence, in bits."""
    return math.log2(model.match_chance / (1 - model.match_chance))


def waterfall_sql(weighed: str) -> str:
    """SQL over a table of predictions with details: one row per pair and piece of evidence that is known on both sides.

    Columns node_no_l, node_no_r, comparison, finding (the level in words), bits (log2 of how many times likelier it is for one person
    than for two; negative speaks against), term_bits (the part of bits that is due to how common the value is). With the starting bits
    they sum to the pair's match weight. A household that says nothing is left out.
    """
    return " union all ".join(_rows_of(comparison, weighed) for comparison in COMPARISONS)


def _rows_of(comparison: Comparison, weighed: str) -> str:
    name = comparison.name
    labels = literals(level.label for level in reversed(comparison.levels))
    has_term = any(level.term for level in comparison.levels)
    term = f"coalesce(mw_tf_adj_{name}, 0)" if has_term else "0.0"
    speaks = f" and mw_{name} <> 0" if name == "household" else ""
    return (
        f"select node_no_l, node_no_r, '{name}' as comparison, list_element([{labels}], gamma_{name}::integer + 1) as finding, "
        f"mw_{name} + {term} as bits, {term} as term_bits from {weighed} where gamma_{name} >= 0{speaks}"
    )

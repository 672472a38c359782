"""How near two spellings are, as SQL, cheaply; what nearness says of two records belongs to compatibility and comparisons."""

from __future__ import annotations


def few_errors(left: str, right: str, most: int) -> str:
    """True where the Damerau–Levenshtein distance of two texts is at most `most`; null where a text is.

    DuckDB's Levenshtein distance takes a ninth of the time of its Damerau–Levenshtein distance and, a swap of neighbours being two
    edits of the former, is never more than twice it.
    """
    return (
        f"(case when levenshtein({left}, {right}) > {2 * most} then false "
        f"else damerau_levenshtein({left}, {right}) <= {most} end)"
    )

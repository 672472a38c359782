"""When two names may be one person's, as SQL: used by the model, by links and by clustering, so that all judge alike.

Only the judgement of names belongs here; weights belong to the model.
"""

from __future__ import annotations

from collections.abc import Callable

from cdp_assets.identity.evidence.spelling import few_errors

Column = Callable[[str, str], str]


def suffixed(column: str, side: str) -> str:
    """Splink's naming: given_key_l."""
    return f"{column}_{side}"


def aliased(column: str, side: str) -> str:
    """A join's naming: l.given_key."""
    return f"{side}.{column}"


def given_names_near(col: Column, *, knows_names: bool = False) -> str:
    """True where two given names may be spellings of one: equal, nickname, initial or prefix, small error, parts swapped.

    Pinyin is dense (wei, wen, hui), so errors are forgiven there only in long names; a Chinese character lost or struck twice is one. With knows_names (columns is_given_known
    and given_letters), two names that are both known are two names, not an error (Diana, Dean), and mixed-up letters are one.
    """
    is_error = "true"
    mixed_up = "false"
    if knows_names:
        is_error = f"not ({col('is_given_known', 'l')} and {col('is_given_known', 'r')})"
        mixed_up = f"({is_error} and {col('given_letters', 'l')} = {col('given_letters', 'r')})"
    g_l, g_r = col("given_key", "l"), col("given_key", "r")
    f_l, f_r = col("family_key", "l"), col("family_key", "r")
    han_l, han_r = col("given_han", "l"), col("given_han", "r")
    lost = f"(length({han_l}) <> length({han_r}) and levenshtein({han_l}, {han_r}) = 1)"
    is_pinyin = f"({col('is_pinyin', 'l')} and {col('is_pinyin', 'r')})"
    return f"""(
        {g_l} = {g_r}
        or {col("given_canon", "l")} = {col("given_canon", "r")}
        or starts_with({g_l}, {g_r}) or starts_with({g_r}, {g_l})
        or coalesce({g_l} = {f_r}, false) or coalesce({f_l} = {g_r}, false)
        or {mixed_up}
        or coalesce({lost}, false)
        or ({is_error} and not {is_pinyin} and jaro_winkler_similarity({g_l}, {g_r}) >= 0.8)
        or ({is_error} and length({g_l}) >= 5 and length({g_r}) >= 5 and {few_errors(g_l, g_r, 1)})
    )"""


def names_within(col: Column) -> str:
    """True where every word of one name is among the other's (Maria Lopez, Ana Maria Lopez Garcia). Asks for name_padded and name_pattern."""
    return (
        f"({col('name_padded', 'l')} like {col('name_pattern', 'r')} "
        f"or {col('name_padded', 'r')} like {col('name_pattern', 'l')})"
    )


def given_names_conflict(col: Column, *, knows_names: bool = False) -> str:
    """True where both given names are known and cannot be spellings of one; never null."""
    g_l, g_r = col("given_key", "l"), col("given_key", "r")
    return f"""(
        {g_l} is not null and {g_r} is not null and {g_l} <> {g_r} and not {given_names_near(col, knows_names=knows_names)}
    )"""


def names_conflict(col: Column) -> str:
    """True where two names on one card are two people: the given names conflict, or both names are another's for all that they share.

    A family name changes by marriage, and then the whole given name stays: an initial or a likeness in common (D Jones and David Simmons,
    Chris Frank and Charles Fuller) is not enough beside another family name. Never null.
    """
    g_l, g_r = col("given_key", "l"), col("given_key", "r")
    f_l, f_r = col("family_key", "l"), col("family_key", "r")
    is_same_given = (
        f"(({g_l} = {g_r} or {col('given_canon', 'l')} = {col('given_canon', 'r')}) and length({g_l}) > 1)"
    )
    is_other_family = f"""(
        jaro_winkler_similarity({f_l}, {f_r}) < 0.85
        and not contains({col("name_exact", "l")}, {f_r}) and not contains({col("name_exact", "r")}, {f_l})
    )"""
    return f"({given_names_conflict(col)} or coalesce({is_other_family} and not {is_same_given}, false))"

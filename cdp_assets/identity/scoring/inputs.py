"""What Splink is handed: nodes with all that is compared, how common their values are, and the pairs to score.

Which pairs these are belongs to blocking, what is compared to comparisons, what becomes of the scores to who asks.
"""

from __future__ import annotations

from splink import DuckDBAPI, Linker
from splink.internals.splink_dataframe import SplinkDataFrame

from cdp_assets.identity.scoring.comparisons import TERM_COLUMNS
from cdp_assets.identity.scoring.model import Model, frozen_terms_sql, splink_settings, term_frequencies_sql
from cdp_assets.identity.scoring.scratch import Scratch

# Evidence column → the frozen frequencies in which its values are looked up.
_LOOKED_UP = {
    "given_key": "given_key",
    "given_canon": "given_key",
    "family_key": "family_key",
    "given_han": "given_han",
    "family_han": "family_han",
    "birth_key": "birth_key",
    "lone_name": "family_key",
}
# SQL over node_evidence: whether the e-mail's user is made of the name and of nothing else.
_IS_USER_OF_NAME = """
    coalesce(not regexp_matches(email_user, '[0-9]') and regexp_replace(email_user, '[^a-z]', '', 'g') in (
        given_key, family_key, given_key || family_key, family_key || given_key, given_canon || family_key,
        left(given_key, 1) || family_key, family_key || left(given_key, 1), given_key || left(family_key, 1),
        left(family_key, 1) || given_key
    ), false)
"""


def prepare_compared(scratch: Scratch, model: Model, nodes: str) -> None:
    """Scratch table compared: the `nodes` (a query of node_no) with their evidence and what is derived from it.

    A frequency is the node's own, so that it depends on no other node that happens to be compared.
    """
    values = " union ".join(
        f"select '{source}' as column_name, {column} as value from compared_nodes where {column} is not null"
        for column, source in (
            *_LOOKED_UP.items(),
            ("given_key", "known_given"),
            ("given_canon", "known_given"),
            ("family_key", "known_family"),
        )
    )
    joins = "\n".join(
        f"left join terms as {column}_term on {column}_term.column_name = '{source}' and {column}_term.value = nodes.{column}"
        for column, source in _LOOKED_UP.items()
    )
    frequencies = ",\n".join(
        f"{expression} as tf_{column}" for column, expression in term_frequencies_sql(model).items()
    )
    con = scratch.con
    con.execute(
        f"""
        create or replace table compared_nodes as
        select
            rowid as node_no, * exclude (node_key, street_words, email_domain, region_key, country_key, blocks),
            coalesce(family_key, given_key) as lone_name,
            {_IS_USER_OF_NAME} as is_user_of_name,
        from {scratch.home}.identity.node_evidence where rowid in ({nodes})
        """
    )
    con.execute(
        f"""
        create or replace table terms as
        select v.column_name, v.value, frozen.frequency
        from ({values}) as v
        join {frozen_terms_sql(model, scratch.home)} as frozen
            on frozen.column_name = v.column_name and frozen.term_key = pseudonym('term' || chr(31) || v.value)
        """
    )
    con.execute(
        """
        create or replace table given_names as
        select given_key, array_to_string(list_sort(string_split(given_key, '')), '') as given_letters
        from (select distinct given_key from compared_nodes)
        """
    )
    con.execute(
        f"""
        create or replace table compared as
        select
            nodes.*,
            regexp_replace(email_user, '[^0-9]', '', 'g') as email_digits,
            given_letters,
            ' ' || replace(name_words, ' ', '  ') || ' ' as name_padded,
            '% ' || replace(name_words, ' ', ' % ') || ' %' as name_pattern,
            coalesce(known_given.value, known_canon.value) is not null as is_given_known,
            known_family.value is not null as is_family_known,
            nodes.given_canon as given_term,
            nodes.family_key as family_term,
            nodes.lone_name as lone_term,
            {frequencies},
        from compared_nodes as nodes
        left join given_names on given_names.given_key = nodes.given_key
        left join terms as known_given on known_given.column_name = 'known_given' and known_given.value = nodes.given_key
        left join terms as known_canon on known_canon.column_name = 'known_given' and known_canon.value = nodes.given_canon
        left join terms as known_family on known_family.column_name = 'known_family' and known_family.value = nodes.family_key
        {joins}
        """
    )
    con.execute("drop table compared_nodes; drop table given_names; drop table terms")


def make_linker(scratch: Scratch, model: Model, *, with_details: bool = False) -> Linker:
    """A linker over table compared with the model's parameters."""
    api = DuckDBAPI(scratch.con)
    linker = Linker(
        api.register("compared"), splink_settings(model, with_details=with_details),
        log_level=None, validate_settings=False,
    )  # fmt: skip
    # The frequencies stand in the table, where Splink takes them from; without a lookup it would count anew all the same.
    scratch.con.execute("create or replace table no_terms (value varchar)")
    lookup = api.register("no_terms")
    for column in TERM_COLUMNS:
        linker.table_management.register_term_frequency_lookup(lookup, column)
    return linker


def predict(linker: Linker, pairs: str, probability: float | None = None) -> SplinkDataFrame:
    """Score the pairs of a table or query (match_key, join_key_l, join_key_r: node numbers), from `probability` on."""
    api = linker._db_api
    api.duckdb_con.execute(f"create or replace table wanted_pairs as from {pairs}")
    linker.table_management.register_blocked_pairs_for_predict(api.register("wanted_pairs"))
    return linker.inference.predict(threshold_match_probability=probability, warning_mode="never")

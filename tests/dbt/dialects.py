"""The project's SQL as each engine gets it: compiled by dbt's own adapters, without a database to talk to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]

from cdp_assets import dbt_manifest, dbt_runner
from cdp_assets.settings import Settings

TARGETS = {
    "duckdb": dbt_manifest.WAREHOUSE,
    "spark": dbt_manifest.SPARK,
}  # sqlglot's dialect → the target in profiles.yml
ASKS_THE_DATABASE = "staging_models_have_the_columns_of_their_shape"  # a law over the built tables' columns
AS_OF = date(2017, 12, 31)

# sqlglot parses nearly every function in every dialect. So these are all that the project calls on Spark: each is one of Spark's (or of this project:
# `pseudonym`), with the meaning that DuckDB gives it or called by an engine macro. A new one is looked up before it is added.
SPARK_FUNCTIONS = """
    abs array_join array_sort avg bool_and bool_or cast chr coalesce collect_set concat count date_add date_format date_trunc datediff decimal
    explode extract first_value floor from_utc_timestamp greatest lag last_day last_value lead least left length listagg lower lpad max
    max_by min min_by months_between named_struct nullif percentile pmod power pseudonym rank regexp_replace replace round row_number sequence
    split split_part sqrt stack stddev_samp struct substr sum timestampadd trim trunc try_cast unix_micros upper weekofyear year
"""
CALLABLE = frozenset(SPARK_FUNCTIONS.split())
DUCKDB_TYPES = {"varchar", "text", "hugeint", "ubigint", "json", "uuid", "blob", "timestamptz"}
OPENERS = {TokenType.COMMA, TokenType.L_PAREN, TokenType.SELECT, TokenType.IN, TokenType.EQ, TokenType.THEN}


@dataclass(frozen=True)
class Piece:
    """One model, data test or fixture: its name and its SQL."""

    name: str
    sql: str


def pieces(settings: Settings, target: str) -> Iterator[Piece]:
    """Every model and data test, compiled for an engine, and every fixture of the unit tests that is SQL."""
    for name, node in dbt_runner.compiled(
        settings, AS_OF, target=target, exclude=[ASKS_THE_DATABASE]
    ).items():
        if node.resource_type in {"model", "test"}:
            yield Piece(name, node.compiled_code)
    for test in dbt_manifest.for_home(settings, target).unit_tests.values():
        for given in test.given:
            if given.format == "sql":
                yield Piece(f"{test.name}, {given.input}", given.rows)


def objections(piece: Piece, dialect: str) -> list[str]:
    """What an engine would not take, or would read differently: sqlglot's own errors, and what it lets pass."""
    try:
        tree = sqlglot.parse_one(piece.sql, read=dialect)
        tokens = sqlglot.tokenize(piece.sql, read=dialect)
    except SqlglotError as error:
        return [f"{piece.name}: {error}"]
    found: set[str] = set()
    if dialect == "spark":
        found |= {each for pair in pairwise(tokens) for each in _of_two_tokens(*pair)}
        if "\\" in re.sub(r"\br'[^']*'", "", piece.sql):
            found.add("a backslash in a text")
        if re.search(r"\bover\s+\w+\s*-", piece.sql):  # Spark takes the two for one name with a hyphen
            found.add("a minus behind a window's name")
        if any(
            _has_aggregate(window)
            for each in tree.find_all(exp.Qualify)
            for window in each.find_all(exp.Window)
        ):
            found.add("an aggregate in a window of qualify")
    return [f"{piece.name}: {each}" for each in sorted(found)]


def _has_aggregate(window: exp.Expression) -> bool:
    """Whether a window is ordered or partitioned by an aggregate."""
    order, parts = window.args.get("order"), window.args.get("partition_by") or []
    return any(each is not None and each.find(exp.AggFunc) is not None for each in (order, *parts))


def unportable(sql: str) -> list[str]:
    """Words of a statement outside the list that both engines take alike; raises SqlglotError for what DuckDB itself would not take."""
    sqlglot.parse(sql, read="duckdb")
    found = {
        each for pair in pairwise(sqlglot.tokenize(sql, read="duckdb")) for each in _of_two_tokens(*pair)
    }
    try:
        sqlglot.parse(sql, read="spark")
    except SqlglotError:
        found.add("grammar")
    if "\\" in sql:
        found.add("a backslash in a text")
    return sorted(found)


def _of_two_tokens(former: Token, token: Token) -> Iterator[str]:
    words = (former.text.lower(), token.text.lower())
    is_call = token.token_type == TokenType.L_PAREN and former.end + 1 == token.start
    if is_call and re.fullmatch(r"[a-z_]\w*", words[0]) and words[0] not in CALLABLE:
        yield f"{words[0]}()"
    if former.token_type == TokenType.COMMA and token.token_type in {TokenType.FROM, TokenType.R_PAREN}:
        yield f"a comma before {words[1]}"
    if token.token_type == TokenType.L_BRACKET and former.token_type in OPENERS:
        yield "a list in brackets"
    if words == ("nulls", ")"):
        yield "nulls passed over within the call"
    if words[0] in {"as", "::"} and words[1] in DUCKDB_TYPES:
        yield f"type {words[1]}"
    if words in {("at", "time"), ("union", "by"), ("*", "replace"), ("*", "exclude")}:
        yield " ".join(words)

"""Splink's Spark backend over the same nodes, pairs and model: what DuckDB would have scored, scored by a cluster.

Which pairs are compared and what becomes of the scores is the same for both (pairs, inputs); only the weighing moves.
"""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp

from cdp_assets.engine import given
from cdp_assets.identity.scoring.comparisons import TERM_COLUMNS
from cdp_assets.identity.scoring.model import Model, splink_settings
from cdp_assets.identity.scoring.scratch import Scratch

# The comparisons call these by DuckDB's names; the classes are in the jar that Splink ships.
_FROM_JAR = {
    "jaro_similarity": "uk.gov.moj.dash.linkage.JaroSimilarity",
    "jaro_winkler_similarity": "uk.gov.moj.dash.linkage.JaroWinklerSimilarity",
    "damerau_levenshtein": "uk.gov.moj.dash.linkage.LevDamerauDistance",
}
NO_TERMS = "no_terms"  # what Splink is told to look frequencies up in
_SCORED = ("node_no_l", "node_no_r", "match_weight", "match_probability", "match_key")


def predict_on_spark(
    session: Any, scratch: Scratch, model: Model, pairs: str, probability: float | None = None
) -> str:
    """Score the pairs of a table or query (match_key, join_key_l, join_key_r) over scratch table compared, on Spark.

    Returns the scratch table with the scores: node_no_l, node_no_r, match_weight, match_probability, match_key.
    """
    from splink import Linker

    register_functions(session)
    con = scratch.con
    _give(session, "compared", con.sql("select * from compared").to_arrow_table())
    _give(session, "wanted_pairs", con.sql(f"select * from {pairs} as wanted").to_arrow_table())
    api = _spark_api(session)
    linker = Linker(api.register("compared"), splink_settings(model), log_level=None, validate_settings=False)
    session.sql("select cast(null as string) as value where false").createOrReplaceTempView(NO_TERMS)
    lookup = api.register(NO_TERMS)
    for column in TERM_COLUMNS:
        linker.table_management.register_term_frequency_lookup(lookup, column)
    linker.table_management.register_blocked_pairs_for_predict(api.register("wanted_pairs"))
    found = linker.inference.predict(threshold_match_probability=probability, warning_mode="never")
    scored = session.sql(f"select {', '.join(_SCORED)} from {found.physical_name}").toArrow()
    with given(con, "scored_on_spark_rows", scored):
        con.execute("create or replace table scored_on_spark as select * from scored_on_spark_rows")
    return "scored_on_spark"


def in_sparks_words(sql: str) -> str:
    """Splink's SQL for Spark. Numbers are doubles: Spark reads `0.1` as a decimal, whose digits may not be enough. And the
    frequencies stand in the table, each node's own, so nothing is looked up for them."""

    def as_double(node: exp.Expression) -> exp.Expression:
        is_cast = isinstance(node, exp.Cast) and node.to.is_type("double")
        if is_cast and isinstance(node.this, exp.Literal) and node.this.is_number:
            return exp.Var(this=f"{node.this.name}D")
        return node

    tree = sqlglot.parse_one(sql, read="spark").transform(as_double)
    for select in tree.find_all(exp.Select):
        joins = select.args.get("joins") or []
        kept = [join for join in joins if join.this.name != NO_TERMS]
        if len(kept) < len(joins):
            select.set("joins", kept)
            columns = [each for each in select.expressions if getattr(each, "table", "") != NO_TERMS]
            select.set("expressions", columns)
    return tree.sql(dialect="spark")


def _spark_api(session: Any) -> Any:
    """Splink's backend. Its own dialect of sqlglot cannot be made where sqlglot is compiled, so what that does is done here."""
    from splink import SparkAPI

    class Backend(SparkAPI):  # type: ignore[misc]  # Splink has no types
        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            return in_sparks_words(sql)

    return Backend(spark_session=session, register_udfs_automatically=False, break_lineage_method="persist")


def register_functions(session: Any) -> None:
    """The string functions of the comparisons under the names that they are called by."""
    from pyspark.sql.types import DoubleType

    for name, java_class in _FROM_JAR.items():
        session.udf.registerJavaFunction(name, java_class, DoubleType())
    session.udf.register("hamming", hamming, "int")


def hamming(left: str | None, right: str | None) -> int | None:
    """How many characters differ between two texts of one length; null where either is, or where the lengths differ."""
    if left is None or right is None or len(left) != len(right):
        return None
    return sum(one != other for one, other in zip(left, right, strict=True))


def _give(session: Any, name: str, rows: Any) -> None:
    session.createDataFrame(rows).createOrReplaceTempView(name)

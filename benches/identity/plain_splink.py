"""The peer: plain Splink 5 with its documented comparisons on the same columns, as its tutorial trains it.

No normalising beyond lower case and trimming, no guards, no links: what one gets by following the documentation. Where expectation
maximisation drives the share of a level to zero, Splink 5.0.0 stops with an error; here such a level gets what Splink gives
one that it never saw (one in a million), so that the peer has an answer on every set.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals import expectation_maximisation

_COLUMNS = (
    "full_name", "given_name", "family_name", "birth_date", "email", "phone", "national_id", "street", "city", "postcode",
)  # fmt: skip


def match(con: duckdb.DuckDBPyConnection, threshold: float = 0.95) -> dict[str, float]:
    """Write table clusters (channel, source_customer_id, cluster) from identity.customer_records; returns processor seconds per step.

    Table plain_stops (comparison): where Splink 5.0.0 as it is would have stopped in training.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    present = {row[0] for row in con.execute("describe identity.customer_records").fetchall()}
    filled = [
        name for name in _COLUMNS
        if name in present and con.execute(f"select count({name}) > 0 from identity.customer_records").fetchall()[0][0]
    ]  # fmt: skip
    if (
        "given_name" in filled
        and con.execute("select count(given_name) * 2 > count(*) from identity.customer_records").fetchall()[
            0
        ][0]
    ):
        filled = [name for name in filled if name != "full_name"]
    columns = ", ".join(f"nullif(lower(trim({name}::varchar)), '') as {name}" for name in filled)
    con.execute(
        f"create or replace table plain as select row_number() over () as unique_id, channel, source_customer_id, {columns} "
        "from identity.customer_records"
    )
    linker = Linker(DuckDBAPI(con).register("plain"), _settings(filled), log_level=None)
    seconds, start = {}, time.process_time()
    stops = _train(linker, filled)
    con.execute(
        "create or replace table plain_stops as select unnest($stops::varchar[]) as comparison",
        {"stops": sorted(stops)},
    )
    seconds["train"], start = time.process_time() - start, time.process_time()
    pairs = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
    seconds["score_pairs"], start = time.process_time() - start, time.process_time()
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        pairs, threshold_match_probability=threshold
    )
    con.execute(
        "create or replace table clusters as select p.channel, p.source_customer_id, c.cluster_id::varchar as cluster "
        f"from plain as p join {clusters.physical_name} as c using (unique_id)"
    )
    seconds["build_clusters"] = time.process_time() - start
    return seconds


def _settings(filled: list[str]) -> SettingsCreator:
    made = {
        "full_name": lambda: cl.NameComparison("full_name"),
        "given_name": lambda: cl.NameComparison("given_name"),
        "family_name": lambda: cl.NameComparison("family_name"),
        "birth_date": lambda: cl.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "email": lambda: cl.EmailComparison("email"),
        "phone": lambda: cl.DamerauLevenshteinAtThresholds("phone", 1),
        "national_id": lambda: cl.DamerauLevenshteinAtThresholds("national_id", [1, 2]),
        "street": lambda: cl.LevenshteinAtThresholds("street", [2, 5]),
        "city": lambda: cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        "postcode": lambda: cl.DamerauLevenshteinAtThresholds("postcode", 2),
    }
    rules = [
        rule
        for columns, rule in (
            (("given_name", "family_name"), block_on("given_name", "family_name")), (("full_name",), block_on("full_name")),
            (("birth_date",), block_on("birth_date")), (("email",), block_on("email")), (("phone",), block_on("phone")),
            (("national_id",), block_on("national_id")), (("family_name", "postcode"), block_on("family_name", "postcode")),
            (("given_name", "postcode"), block_on("given_name", "postcode")), (("street", "postcode"), block_on("street", "postcode")),
        )
        if set(columns) <= set(filled)
    ]  # fmt: skip
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[made[name]() for name in filled],
        blocking_rules_to_generate_predictions=rules,
    )


def _train(linker: Linker, filled: list[str]) -> set[str]:
    """Train as the tutorial does; returns the comparisons of which a share came out as zero."""
    strong = [
        rule
        for columns, rule in (
            (("given_name", "family_name", "birth_date"), block_on("given_name", "family_name", "birth_date")),
            (("national_id",), block_on("national_id")), (("email",), block_on("email")),
            (("full_name", "phone"), block_on("full_name", "phone")),
            (("full_name", "postcode"), block_on("full_name", "postcode")),
        )
        if set(columns) <= set(filled)
    ]  # fmt: skip
    # where nothing strong is filled, names must do
    strong = strong or [
        block_on("given_name", "family_name") if "family_name" in filled else block_on("full_name")
    ]
    linker.training.estimate_probability_two_random_records_match(strong, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    with _zero_is_unseen() as stops:
        for columns in (
            ("given_name", "family_name"),
            ("full_name",),
            ("birth_date",),
            ("email",),
            ("phone",),
        ):
            if set(columns) <= set(filled):
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    return stops


@contextmanager
def _zero_is_unseen() -> Iterator[set[str]]:
    """A level whose share came out as zero is left to Splink's default for levels that it never saw; yields whose comparisons had one."""
    looked_up = expectation_maximisation.m_u_records_to_lookup_dict
    stops: set[str] = set()

    def without_zeros(records: list[dict[str, Any]]) -> Any:
        seen = [record for record in records if record["m_probability"] > 1e-300]
        stops.update(record["output_column_name"] for record in records if record not in seen)
        return looked_up(seen)

    expectation_maximisation.m_u_records_to_lookup_dict = without_zeros
    try:
        yield stops
    finally:
        expectation_maximisation.m_u_records_to_lookup_dict = looked_up

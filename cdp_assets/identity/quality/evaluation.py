"""How right the clusters are, against a known truth: pairwise, B-cubed, exact clusters, by channel pair and by trap.

And the same figures for what most retailers do today: exact phone only, and phone or e-mail. The pipeline never reads truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from cdp_assets.engine import given
from cdp_assets.identity.context import IdentityProblem
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file


@dataclass(frozen=True)
class Scores:
    """Shares between 0 and 1; pairs are pairs of records. None: not defined (nothing predicted, or nothing true)."""

    precision: float | None
    recall: float | None
    f1: float | None
    bcubed_precision: float | None
    bcubed_recall: float | None
    bcubed_f1: float | None
    exact_clusters: float | None
    true_pairs: int
    predicted_pairs: int
    right_pairs: int
    supported_pairs: int = 0
    supported_recall: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """oneid and the two baselines; by_channel_pair and by_trap as rows of names and figures; worst clusters both ways."""

    records: int
    persons: int
    unknown_truth_ids: int
    records_without_truth: int
    oneid: Scores
    phone_only: Scores
    phone_or_email: Scores
    by_channel_pair: list[dict[str, object]] = field(default_factory=list)
    by_trap: list[dict[str, object]] = field(default_factory=list)
    worst_merged: list[dict[str, object]] = field(default_factory=list)
    worst_split: list[dict[str, object]] = field(default_factory=list)
    trap_precision: float | None = None
    trap_recall: float | None = None


def evaluate(con: duckdb.DuckDBPyConnection, key: bytes, truth: Path) -> Evaluation:
    """Compare identity.customer_ids in this connection with a truth.

    truth: a folder with records.parquet (channel, source_customer_id or natural_key, person_id, support_id) and optionally
    trap_pairs.parquet; or a CSV or Parquet file of labels, either with a person column (channel, source_customer_id, person_id) or as
    pairs (channel_l, id_l, channel_r, id_r, is_match). Truth ids that no record has are counted, not an error; a truth that meets no
    record at all raises IdentityProblem.
    """
    register_pseudonym(con, key)
    con.execute(
        "create or replace temp table id_map as select record_key, channel, source_customer_id, customer_id from identity.customer_ids"
    )
    _read_truth(con, truth)
    return _evaluate_loaded(con, truth)


def _read_truth(con: duckdb.DuckDBPyConnection, truth: Path) -> None:
    """Temp table truth_records (record_key, channel, person_id, support_id) and counts in truth_facts."""
    path = truth / "records.parquet" if truth.is_dir() else truth
    if not path.exists():
        raise IdentityProblem(
            f"{path} does not exist: give the truth folder of `onefold simulate`, or a CSV of labels"
        )
    reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
    options = "" if path.suffix == ".parquet" else ", all_varchar = true"
    relation = f"{reader}('{str(path).replace(chr(39), chr(39) * 2)}'{options})"
    columns = {row[0] for row in con.execute(f"describe select * from {relation}").fetchall()}
    if {"channel_l", "id_l", "channel_r", "id_r"} <= columns:
        _truth_from_pairs(con, relation, columns)
        return
    needed = {"channel", "source_customer_id", "person_id"}
    if not needed <= columns:
        raise IdentityProblem(
            f"{path.name} has no column {', '.join(sorted(needed - columns))}: labels are channel, source_customer_id, person_id, "
            "or pairs channel_l, id_l, channel_r, id_r, is_match"
        )
    natural = (
        "case when natural_key is not null then pseudonym('customer' || chr(31) || channel || chr(31) || natural_key) end"
        if "natural_key" in columns else "null"
    )  # fmt: skip
    support = "support_id::varchar" if "support_id" in columns else "'1'"
    con.execute(
        f"""
        create or replace temp table truth_given as
        select distinct channel, coalesce(source_customer_id::varchar, {natural}) as source_customer_id,
            person_id::varchar as person_id, {support} as support_id,
        from {relation}
        """
    )
    _join_truth(con)


def _truth_from_pairs(con: duckdb.DuckDBPyConnection, relation: str, columns: set[str]) -> None:
    """Persons are the connected components of the pairs labelled as matches; every record named is in the truth."""
    is_match = (
        "lower(is_match::varchar) in ('true', '1', '1.0', 't', 'yes')" if "is_match" in columns else "true"
    )
    con.execute(
        f"""
        create or replace temp table label_pairs as
        select channel_l || chr(31) || id_l::varchar as l, channel_r || chr(31) || id_r::varchar as r, {is_match} as is_match
        from {relation}
        """
    )
    con.execute(
        "create or replace temp table label_records as select record, row_number() over (order by record) - 1 as n "
        "from (select l as record from label_pairs union select r from label_pairs)"
    )
    edges = con.execute(
        "select a.n as l, b.n as r from label_pairs join label_records a on a.record = l join label_records b on b.record = r "
        "where is_match"
    ).fetchnumpy()
    count = con.execute("select count(*) from label_records").fetchall()[0][0]
    label = _components(edges["l"], edges["r"], count)
    _register(con, "label_persons", {"n": np.arange(count), "person": label})
    con.execute(
        """
        create or replace temp table truth_given as
        select split_part(record, chr(31), 1) as channel, split_part(record, chr(31), 2) as source_customer_id,
            person::varchar as person_id, '1' as support_id
        from label_records join label_persons using (n)
        """
    )
    _join_truth(con)


def _join_truth(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        create or replace temp table truth_records as
        select id_map.record_key, id_map.channel, t.person_id, t.support_id
        from truth_given as t
        join id_map using (channel, source_customer_id)
        qualify row_number() over (partition by id_map.record_key order by t.person_id) = 1
        """
    )


def _components(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    graph = coo_matrix(
        (np.ones(len(left), dtype=np.int8), (left.astype(np.int64), right.astype(np.int64))),
        shape=(count, count),
    )
    labels: np.ndarray = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def _register(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, np.ndarray]) -> None:
    import pyarrow as pa

    with given(con, f"{name}_view", pa.table(columns)):
        con.execute(f"create or replace temp table {name} as select * from {name}_view")


def _evaluate_loaded(con: duckdb.DuckDBPyConnection, truth: Path) -> Evaluation:
    given, known, persons, ours = con.execute(
        "select (select count(*) from truth_given), (select count(*) from truth_records), "
        "(select count(distinct person_id) from truth_records), (select count(*) from id_map)"
    ).fetchall()[0]
    if known == 0:
        raise IdentityProblem(
            f"none of the {given} ids of the truth is a customer record here: is {truth.name} the truth of this home's files?"
        )
    con.execute("create or replace temp table oneid as select record_key, customer_id as cluster from id_map")
    _write_baselines(con)
    traps = _by_trap(con, truth)
    return Evaluation(
        records=known,
        persons=persons,
        unknown_truth_ids=given - known,
        records_without_truth=ours - known,
        oneid=_scores(con, "oneid"),
        phone_only=_scores(con, "phone_only"),
        phone_or_email=_scores(con, "phone_or_email"),
        by_channel_pair=_by_channel_pair(con),
        by_trap=traps[0],
        worst_merged=_worst(con, "cluster", "person_id"),
        worst_split=_worst(con, "person_id", "cluster"),
        trap_precision=traps[1],
        trap_recall=traps[2],
    )


def _write_baselines(con: duckdb.DuckDBPyConnection) -> None:
    """What most retailers do: the phone as it is (in E.164), or phone or e-mail, without guards."""
    con.execute(
        "create or replace temp table phone_only as select record_key, coalesce('p' || r.phone, record_key) as cluster "
        "from identity.records as r semi join truth_records using (record_key)"
    )
    con.execute(
        """
        create or replace temp table contact_records as
        select record_key, phone, email, row_number() over (order by record_key) - 1 as n
        from identity.records semi join truth_records using (record_key)
        """
    )
    edges = con.execute(
        """
        select n as l, min(n) over (partition by phone) as r from contact_records where phone is not null
        union all
        select n, min(n) over (partition by email) from contact_records where email is not null
        """
    ).fetchnumpy()
    count = con.execute("select count(*) from contact_records").fetchall()[0][0]
    _register(
        con, "contact_labels", {"n": np.arange(count), "label": _components(edges["l"], edges["r"], count)}
    )
    con.execute(
        "create or replace temp table phone_or_email as select record_key, label::varchar as cluster "
        "from contact_records join contact_labels using (n)"
    )


def _share(part: float | None, whole: float | None) -> float | None:
    return None if not whole else float(part or 0) / float(whole)


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None or precision + recall == 0:
        return None
    return 2 * precision * recall / (precision + recall)


def _scores(con: duckdb.DuckDBPyConnection, clusters: str) -> Scores:
    """Pairwise from the contingency table of clusters and persons; B-cubed after Bagga and Baldwin (1998)."""
    con.execute(
        f"""
        create or replace temp table cells as
        select cluster, person_id, count(*)::double as n
        from truth_records join {clusters} using (record_key)
        group by cluster, person_id
        """
    )
    row = con.execute(
        """
        with by_cluster as (select cluster, sum(n) as n, count(*) as persons from cells group by cluster),
        by_person as (select person_id, sum(n) as n, count(*) as clusters from cells group by person_id)
        select
            (select sum(n * (n - 1) / 2) from cells),
            (select sum(n * (n - 1) / 2) from by_cluster),
            (select sum(n * (n - 1) / 2) from by_person),
            (select sum(cells.n * cells.n / c.n) from cells join by_cluster as c using (cluster)),
            (select sum(cells.n * cells.n / p.n) from cells join by_person as p using (person_id)),
            (select sum(n) from cells),
            (select count(*) from cells join by_cluster as c using (cluster) join by_person as p using (person_id)
                where c.persons = 1 and p.clusters = 1),
            (select count(*) from by_person),
        """
    ).fetchall()[0]
    supported = con.execute(
        f"""
        with joined as (
            select person_id, support_id, cluster, count(*)::double as n
            from truth_records join {clusters} using (record_key)
            where support_id is not null
            group by person_id, support_id, cluster
        )
        select
            (select sum(n * (n - 1) / 2) from joined),
            (select sum(n * (n - 1) / 2) from (select sum(n) as n from joined group by person_id, support_id)),
        """
    ).fetchall()[0]
    right, predicted, true, b_precision, b_recall, records, exact, persons = row
    precision, recall = _share(right, predicted), _share(right, true)
    bp, br = _share(b_precision, records), _share(b_recall, records)
    return Scores(
        precision, recall, _f1(precision, recall), bp, br, _f1(bp, br), _share(exact, persons),
        int(true or 0), int(predicted or 0), int(right or 0), int(supported[1] or 0), _share(supported[0], supported[1]),
    )  # fmt: skip


def _by_channel_pair(con: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    rows = con.execute(from_file(__name__, "by_channel_pair")).fetchall()
    return [
        {
            "channel_l": left, "channel_r": right, "true_pairs": true, "predicted_pairs": predicted,
            "precision": _share(good, predicted), "recall": _share(good, true),
        }
        for left, right, true, predicted, good in rows
        if true or predicted
    ]  # fmt: skip


def _by_trap(
    con: duckdb.DuckDBPyConnection, truth: Path
) -> tuple[list[dict[str, object]], float | None, float | None]:
    path = truth / "trap_pairs.parquet"
    if not truth.is_dir() or not path.exists():
        return [], None, None
    con.execute(
        f"""
        create or replace temp table trap_outcomes as
        with named as (
            select
                channel_l, channel_r, trap, is_match,
                coalesce(id_l::varchar, pseudonym('customer' || chr(31) || channel_l || chr(31) || natural_key_l)) as id_l,
                coalesce(id_r::varchar, pseudonym('customer' || chr(31) || channel_r || chr(31) || natural_key_r)) as id_r,
            from read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')
        )
        select named.trap, named.is_match, l.customer_id = r.customer_id as is_together
        from named
        join id_map as l on l.channel = named.channel_l and l.source_customer_id = named.id_l
        join id_map as r on r.channel = named.channel_r and r.source_customer_id = named.id_r
        where l.record_key <> r.record_key
        """
    )
    counts = """
        count(*), count(*) filter (where is_match), count(*) filter (where is_together),
        count(*) filter (where is_match and is_together), avg((is_match = is_together)::int)
    """
    rows = con.execute(f"select trap, {counts} from trap_outcomes group by trap order by trap").fetchall()
    total = con.execute(f"select {counts} from trap_outcomes").fetchall()[0]
    listed: list[dict[str, object]] = [
        {
            "trap": trap, "pairs": pairs, "same_person": same, "together": together,
            "precision": _share(good, together), "recall": _share(good, same), "right": right,
        }
        for trap, pairs, same, together, good, right in rows
    ]  # fmt: skip
    return listed, _share(total[3], total[2]), _share(total[3], total[1])


def _worst(con: duckdb.DuckDBPyConnection, group: str, part: str) -> list[dict[str, object]]:
    """Groups with the most wrong pairs: clusters that hold several persons, or persons spread over several clusters."""
    rows = con.execute(
        f"""
        with joined as (select person_id, cluster from truth_records join oneid using (record_key)),
        cell as (select {group} as g, {part} as p, count(*)::double as n from joined group by all)
        select g, count(*) as parts, sum(n)::bigint as records, (sum(n) * (sum(n) - 1) / 2 - sum(n * (n - 1) / 2))::bigint as pairs
        from cell group by g having count(*) > 1 order by pairs desc, g limit 10
        """
    ).fetchall()
    name = "customer_id" if group == "cluster" else "person_id"
    return [
        {name: g, "parts": parts, "records": records, "wrong_pairs": pairs}
        for g, parts, records, pairs in rows
    ]

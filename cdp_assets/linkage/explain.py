"""Why records are one customer, or two: the edges, the weight of each piece of evidence, the guards that spoke.

In words, as data, and as a self-contained page with Splink's chart. Reads the last build; changes nothing.
"""

from __future__ import annotations

import html
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

import duckdb
from splink import Linker

from cdp_assets.keys import register_pseudonym
from cdp_assets.linkage.comparisons import COMPARISONS
from cdp_assets.linkage.context import IdentityProblem, LinkageContext
from cdp_assets.linkage.model import Model, current_model_read_only
from cdp_assets.linkage.pairs import make_linker, prepare_compared, write_blocks
from cdp_assets.linkage.scratch import scratch_database


@dataclass(frozen=True)
class Weighed:
    """One line of the waterfall: comparison, what was found, bits for (positive) or against (negative)."""

    comparison: str
    finding: str
    bits: float
    term_bits: float = 0.0


@dataclass(frozen=True)
class Explanation:
    """What there is to say of two records. chain: record_keys that connect them, each link with its reason."""

    record_key_l: str
    record_key_r: str
    customer_id_l: str
    customer_id_r: str
    match_weight: float | None
    match_probability: float | None
    starting_bits: float
    waterfall: tuple[Weighed, ...]
    chain: tuple[tuple[str, str, str], ...]
    guards: tuple[str, ...]
    chart: Any = field(default=None, repr=False, compare=False)

    @property
    def is_same(self) -> bool:
        return self.customer_id_l == self.customer_id_r

    def in_words(self) -> list[str]:
        """Lines for a person; they name columns, levels and weights, no value of a record."""
        verdict = (
            f"one customer, {self.customer_id_l}"
            if self.is_same
            else f"two customers, {self.customer_id_l} and {self.customer_id_r}"
        )
        lines = [f"records {self.record_key_l[:12]} and {self.record_key_r[:12]} are {verdict}"]
        if self.match_weight is not None and self.match_probability is not None:
            lines.append(
                f"their own evidence: {self.match_weight:+.1f} bits, probability {self.match_probability:.4f}"
            )
            lines.append(f"  {self.starting_bits:+6.1f}  start: how rarely two records are one person")
            for line in sorted(self.waterfall, key=lambda w: -abs(w.bits + w.term_bits)):
                rare = (
                    f" (of it {line.term_bits:+.1f} for how common the value is)"
                    if abs(line.term_bits) >= 0.05
                    else ""
                )
                lines.append(
                    f"  {line.bits + line.term_bits:+6.1f}  {line.comparison.replace('_', ' ')}: {line.finding}{rare}"
                )
        if self.chain:
            lines.append("what connects them:")
            lines += [f"  {a[:12]} - {b[:12]}: {why}" for a, b, why in self.chain]
        lines += [f"guard: {message}" for message in self.guards]
        return lines

    def to_html(self) -> str:
        """A page that needs nothing else: the words, and Splink's waterfall chart inside."""
        words = "\n".join(html.escape(line) for line in self.in_words())
        page = (
            "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Why these records</title>"
            "<style>body{font-family:sans-serif;margin:2rem;max-width:70rem}pre{white-space:pre-wrap}</style></head>"
            f"<body><h1>Why these records</h1><pre>{words}</pre>"
        )
        if self.chart is not None:
            chart = getattr(self.chart, "altair_chart", self.chart)
            inline = chart.to_html(inline=True, fullhtml=True)
            style = "width:100%;height:32rem;border:0"
            page += f"<iframe title='Waterfall' style='{style}' srcdoc='{html.escape(inline, quote=True)}'></iframe>"
        return page + "</body></html>"


def explain_records(
    con: duckdb.DuckDBPyConnection, ctx: LinkageContext, left: str, right: str
) -> Explanation:
    """Explain two records by record_key (con: warehouse with state attached). Raises IdentityProblem for an unknown record."""
    register_pseudonym(con, ctx.key)
    ids = {}
    for key in (left, right):
        row = con.execute(
            "select i.customer_id, n.node_key from identity.customer_ids as i join identity.nodes as n using (record_key) "
            "where record_key = ?",
            [key],
        ).fetchone()
        if row is None:
            raise IdentityProblem(
                f"record {key[:12]} is not in the last build: give a record_key or channel:source_customer_id"
            )
        ids[key] = row
    (customer_l, node_l), (customer_r, node_r) = ids[left], ids[right]
    weight, probability, start, waterfall, chart = _weigh(con, ctx, node_l, node_r)
    chain = _chain(con, ctx, left, right) if customer_l == customer_r else ()
    return Explanation(
        left,
        right,
        customer_l,
        customer_r,
        weight,
        probability,
        start,
        waterfall,
        chain,
        _guards(con, ctx, left, right),
        chart,
    )


def explain_customer(
    con: duckdb.DuckDBPyConnection, ctx: LinkageContext, customer_id: str
) -> list[Explanation]:
    """Explain a customer: for each record after the first, its strongest connection to the rest (at most fifty)."""
    rows = con.execute(
        "select record_key from identity.customer_ids where customer_id = ? order by record_key limit 51",
        [customer_id],
    ).fetchall()
    if not rows:
        raise IdentityProblem(
            f"{customer_id[:40]} is not a customer of the last build: `onefold resolve-id` says what became of it"
        )
    register_pseudonym(con, ctx.key)
    first = str(rows[0][0])
    seen: set[tuple[str, str]] = set()
    explanations = []
    for (other,) in rows[1:]:
        for a, b, _ in _chain(con, ctx, first, str(other)):
            edge = (min(a, b), max(a, b))
            if edge not in seen:
                seen.add(edge)
                explanations.append(explain_records(con, ctx, *edge))
    return explanations


def _weigh(
    con: duckdb.DuckDBPyConnection, ctx: LinkageContext, node_l: str, node_r: str
) -> tuple[float | None, float | None, float, tuple[Weighed, ...], Any]:
    model = current_model_read_only(con, ctx)
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        # Node keys are our own hex digests.
        prepare_compared(scratch, model, where=f"node_key in ('{node_l}', '{node_r}')")
        write_blocks(scratch, ctx, model, is_kept=False)
        if node_l == node_r:
            scratch.con.execute(
                "insert into compared select * replace (node_no + 1 as node_no) from compared"
            )
        linker = make_linker(scratch, model, with_details=True, with_values=True)
        found = linker.inference.predict_within(
            linker._db_api.register("compared"),
            blocking_rules_to_generate_predictions=["1=1"],
            warning_mode="never",
        )
        records = found.as_record_list()
        if not records:
            return None, None, 0.0, (), None
        return (*_read_record(model, records[0]), _chart(linker, records))


def _read_record(model: Model, record: dict[str, Any]) -> tuple[float, float, float, tuple[Weighed, ...]]:
    import math

    lines = []
    for comparison in COMPARISONS:
        level = int(record[f"gamma_{comparison.name}"])
        if level < 0:
            continue
        found = comparison.levels[len(comparison.levels) - 1 - level]
        term = float(record.get(f"mw_tf_adj_{comparison.name}") or 0.0)
        bits = float(record[f"mw_{comparison.name}"])
        if comparison.name != "household" or bits:
            lines.append(Weighed(comparison.name, found.label, bits, term))
    start = math.log2(model.match_chance / (1 - model.match_chance))
    return float(record["match_weight"]), float(record["match_probability"]), start, tuple(lines)


def _chart(linker: Linker, records: list[dict[str, Any]]) -> Any:
    return linker.visualisations.waterfall_chart(records)


def _chain(
    con: duckdb.DuckDBPyConnection, ctx: LinkageContext, left: str, right: str
) -> tuple[tuple[str, str, str], ...]:
    """Fewest links between two records of one customer: same node, scored pair, deterministic link or ruling."""
    rows = con.execute(
        """
        with members as (
            select i.record_key, n.node_key from identity.customer_ids as i join identity.nodes as n using (record_key)
            where i.customer_id = (select customer_id from identity.customer_ids where record_key = ?)
        ),
        heads as (select node_key, min(record_key) as record_key from members group by node_key)
        select h.record_key, m.record_key, 'the same evidence, word for word'
        from members as m join heads as h using (node_key)
        where m.record_key <> h.record_key
        union all
        select l.record_key, r.record_key,
            'evidence of probability ' || round(p.match_probability, 4) || ' (found by ' || replace(p.match_key, '_', ' ') || ')'
        from identity.pairs as p
        join heads as l on l.node_key = p.node_key_l
        join heads as r on r.node_key = p.node_key_r
        where p.match_probability >= ?
        union all
        select record_key_l, record_key_r,
            case link_type when 'ruling' then 'a steward ruled: one person' when 'link' then 'a log-in or card seen'
                else 'the same ' || replace(link_type, '_', ' ') end
        from identity.links semi join members on members.record_key = record_key_l
        where not is_refused
        """,
        [left, ctx.knobs.publish_probability],
    ).fetchall()
    neighbours: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for a, b, why in rows:
        neighbours[a].append((b, why))
        neighbours[b].append((a, why))
    before: dict[str, tuple[str, str]] = {left: ("", "")}
    queue = deque([left])
    while queue:
        here = queue.popleft()
        for other, why in sorted(neighbours[here]):
            if other not in before:
                before[other] = (here, why)
                queue.append(other)
    chain: list[tuple[str, str, str]] = []
    here = right
    while here in before and before[here][0]:
        previous, why = before[here]
        chain.append((previous, here, why))
        here = previous
    return tuple(reversed(chain))


def _guards(con: duckdb.DuckDBPyConnection, ctx: LinkageContext, left: str, right: str) -> tuple[str, ...]:
    rows = con.execute(
        """
        with carried as (
            select distinct pseudonym(identifier_type || chr(31) || identifier_value) as identifier_key
            from identity.identifiers where record_key in (?, ?) and is_blocked
        ),
        of_values as (select message from identity.guard_events semi join carried using (identifier_key)),
        of_links as (
            select 'a ' || link_type || ' between the two is refused: ' || replace(reason, '_', ' ') as message
            from identity.links where is_refused and record_key_l = least(?, ?) and record_key_r = greatest(?, ?)
        ),
        of_rulings as (
            select 'a steward ruled: ' || replace(kind, '_', '-') || coalesce(' (' || reason || ')', '') as message
            from state.rulings where not is_undone and record_key_l = least(?, ?) and record_key_r = greatest(?, ?)
        )
        select message from of_values union select message from of_links union select message from of_rulings order by 1
        """,
        [left, right] * 5,
    ).fetchall()
    return tuple(str(row[0]) for row in rows)

"""Why records are one customer, or two: the edges, the weight of each piece of evidence, the guards that spoke.

In words, as data, and as a self-contained page with Splink's chart. Reads the last build; changes nothing.
"""

from __future__ import annotations

import html
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb

from cdp_assets.identity.context import IdentityContext, IdentityProblem
from cdp_assets.identity.scoring.inputs import make_linker, predict, prepare_compared
from cdp_assets.identity.scoring.model import current_model_read_only
from cdp_assets.identity.scoring.scratch import scratch_database
from cdp_assets.identity.scoring.waterfall import starting_bits, waterfall_sql
from cdp_assets.keys import register_pseudonym


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
    match_weight: float
    match_probability: float
    starting_bits: float
    waterfall: tuple[Weighed, ...]
    chain: tuple[tuple[str, str, str], ...]
    guards: tuple[str, ...]
    chart: Callable[[], Any] = field(repr=False, compare=False)  # draws Splink's waterfall

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


def explanations_page(explanations: Sequence[Explanation]) -> str:
    """A page that needs nothing else: the words of each explanation, and Splink's waterfall chart as a picture.

    It holds no value of a record, so that it can be sent on.
    """
    parts = []
    drawn: dict[Callable[[], Any], int] = {}
    for number, each in enumerate(explanations, start=1):
        title = f"{number}. {html.escape(each.in_words()[0])}"
        words = "\n".join(html.escape(line) for line in each.in_words()[1:])
        first = drawn.setdefault(each.chart, number)
        picture = _picture(each.chart()) if first == number else f"<p>weighed as in {first}.</p>"
        parts.append(f"<section><h2>{title}</h2><pre>{words}</pre>{picture}</section>")
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Why these records</title>"
        "<style>body{font-family:sans-serif;margin:2rem;max-width:75rem}h2{font-size:1rem;margin-top:2.5rem}"
        "pre{white-space:pre-wrap;background:#f6f6f4;padding:1rem}svg{max-width:100%;height:auto}</style></head>"
        f"<body><h1>Why these records</h1>{''.join(parts)}</body></html>"
    )


def _picture(chart: Any) -> str:
    """Splink's chart as SVG, without the values that it writes over its bars."""
    import vl_convert

    specification = chart.altair_chart.to_dict()
    for rows in specification["datasets"].values():
        for row in rows:
            row["value_l"] = row["value_r"] = ""
    return str(vl_convert.vegalite_to_svg(specification))


def explain_records(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, left: str, right: str
) -> Explanation:
    """Explain two records by record_key (con: warehouse with state attached). Raises IdentityProblem for an unknown record."""
    return _explain_pairs(con, ctx, [(left, right)])[0]


def explain_customer(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, customer_id: str
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
    neighbours = _neighbours(con, ctx, first)
    edges = {
        (min(a, b), max(a, b)): None
        for (other,) in rows[1:]
        for a, b, _ in _chain(neighbours, first, str(other))
    }
    return _explain_pairs(con, ctx, list(edges))


def _explain_pairs(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, pairs: list[tuple[str, str]]
) -> list[Explanation]:
    """Explain pairs of records; all are weighed at once."""
    register_pseudonym(con, ctx.key)
    records = sorted({key for pair in pairs for key in pair})
    placed = {
        key: (customer_id, node_no)
        for key, customer_id, node_no in con.execute(
            "select record_key, i.customer_id, e.rowid from identity.customer_ids as i join identity.nodes using (record_key) "
            "join identity.node_evidence as e using (node_key) where record_key in (select unnest(?::varchar[]))",
            [records],
        ).fetchall()
    }
    if missing := [key for key in records if key not in placed]:
        raise IdentityProblem(
            f"record {missing[0][:12]} is not in the last build: give a record_key or channel:source_customer_id"
        )
    weighed = _weigh(con, ctx, {(placed[left][1], placed[right][1]) for left, right in pairs})
    neighbours: dict[str, Neighbours] = {}  # by customer
    explanations = []
    for left, right in pairs:
        (customer_l, node_l), (customer_r, node_r) = placed[left], placed[right]
        if customer_l not in neighbours:
            neighbours[customer_l] = _neighbours(con, ctx, left)
        chain = _chain(neighbours[customer_l], left, right) if customer_l == customer_r else ()
        weight, probability, start, waterfall, chart = weighed[node_l, node_r]
        explanations.append(
            Explanation(
                left, right, customer_l, customer_r, weight, probability, start, waterfall, chain,
                _guards(con, left, right), chart,
            )
        )  # fmt: skip
    return explanations


Weights = tuple[float, float, float, tuple[Weighed, ...], Callable[[], Any]]


def _weigh(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, pairs: set[tuple[int, int]]
) -> dict[tuple[int, int], Weights]:
    """The waterfall of each pair of node numbers."""
    if not pairs:
        return {}
    model = current_model_read_only(con, ctx)
    listed = ", ".join(f"('explain', {left}, {right})" for left, right in sorted(pairs))
    with scratch_database(con) as scratch:
        register_pseudonym(scratch.con, ctx.key)
        prepare_compared(scratch, model, f"select unnest({sorted({n for pair in pairs for n in pair})})")
        linker = make_linker(scratch, model, with_details=True)
        found = predict(linker, f"(values {listed}) as t(match_key, join_key_l, join_key_r)")
        lines: dict[tuple[int, int], list[Weighed]] = defaultdict(list)
        for left, right, comparison, finding, bits, term_bits in scratch.con.execute(
            waterfall_sql(found.physical_name)
        ).fetchall():
            lines[left, right].append(Weighed(comparison, finding, bits - term_bits, term_bits))
        weighed: dict[tuple[int, int], Weights] = {}
        for record in found.as_record_list():
            pair = (int(record["node_no_l"]), int(record["node_no_r"]))
            weighed[pair] = (
                float(record["match_weight"]), float(record["match_probability"]), starting_bits(model), tuple(lines[pair]),
                partial(linker.visualisations.waterfall_chart, [record]),
            )  # fmt: skip
        return weighed


Neighbours = dict[str, list[tuple[str, str]]]


def _neighbours(con: duckdb.DuckDBPyConnection, ctx: IdentityContext, record: str) -> Neighbours:
    """Among the records of one customer: record → (other, why), by the same node, a scored pair, a link or a ruling."""
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
        [record, ctx.knobs.publish_probability],
    ).fetchall()
    neighbours: Neighbours = defaultdict(list)
    for a, b, why in rows:
        neighbours[a].append((b, why))
        neighbours[b].append((a, why))
    return neighbours


def _chain(neighbours: Neighbours, left: str, right: str) -> tuple[tuple[str, str, str], ...]:
    """The fewest links from one record to another."""
    before: dict[str, tuple[str, str]] = {left: ("", "")}
    queue = deque([left])
    while queue:
        here = queue.popleft()
        for other, why in sorted(neighbours.get(here, ())):
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


def _guards(con: duckdb.DuckDBPyConnection, left: str, right: str) -> tuple[str, ...]:
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

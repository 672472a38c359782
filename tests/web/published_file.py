"""A published generation made from the marts' own contracts (the dbt YAML), with invented rows, for the pages' tests and bench.

Every contracted table and column is there with its contracted type, so that a page that asks for a column that no longer exists fails
here. Rows are made by rules on column names; customers, orders and touches of the tables fit together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import yaml

from cdp_assets.dbt_vars import project_vars
from cdp_assets.publishing import generations
from cdp_assets.publishing.copies import CONTACT_FILE, MARTS_FILE
from cdp_assets.settings import PROJECT_DIR, Settings

AS_OF_DATE = "2017-12-31"
MODELS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "markov_1",
          "markov_2", "markov_3", "shapley", "markov_shapley"]  # fmt: skip
CHANNELS = ["shopify", "square", "youzan"]
EXPORTS = ["orders", "customers", "events"]
ADVERTISING = ["direct", "email", "organic_search", "paid_search", "paid_social", "referral"]
SEGMENTS = ["Champions", "Loyal", "Potential Loyalist", "New Customers", "Promising", "Need Attention", "About To Sleep",
            "At Risk", "Cannot Lose Them", "Hibernating", "Lost"]  # fmt: skip
STAGES = ["new", "active", "silent", "lost", "won back"]
MONTHS = [f"2017-{month:02d}-28" for month in range(1, 13)]
STATUSES = ["green", "yellow", "red"]
GENERATIONS = ["1", "2", "3"]


@dataclass(frozen=True)
class Shape:
    """How many rows a mart has, and which customer (c), order (o) and touch (t) row i is about; `cross` gives its keys."""

    rows: str = "40"
    c: str = "i % n"
    o: str = "i"
    t: str = "i"
    cross: dict[str, list[str]] = field(default_factory=dict)


# {n} is the number of customers.
SHAPES: dict[str, Shape] = {
    "customers": Shape("n"),
    "customers_contact": Shape("n"),
    "customer_traits": Shape("n"),
    "customer_lifecycle": Shape("n"),
    "customer_value": Shape("n"),
    "customer_rfm": Shape("n"),
    "customer_crosswalk": Shape("3 * n"),
    "records": Shape("3 * n"),
    "records_contact": Shape("3 * n"),
    "identity_edges": Shape("3 * n"),
    "customer_attribute_provenance": Shape("4 * n", c="i // 4"),
    "orders": Shape("12 * n"),
    "order_lines": Shape("24 * n", c="(i // 2) % n", o="i // 2"),
    "refunds": Shape("n // 2", c="i * 2", o="i * 2"),
    "touchpoints": Shape("20 * n"),
    "attribution_touches": Shape("10 * n", o="i // 2", c="(i // 2) % n"),
    "attribution_credits": Shape("10 * n * 11", o="i // 22", c="(i // 22) % n", t="i // 11"),
    "dates": Shape("365"),
    "products": Shape("60"),
    "stores": Shape("6"),
    "rfm_segments": Shape(cross={"segment": SEGMENTS}),
    "rfm_history": Shape("2 * n"),
    "lifecycle_history": Shape("2 * n"),
    "rfm_transitions": Shape(cross={"from_segment": SEGMENTS, "to_segment": SEGMENTS}),
    "lifecycle_stages": Shape(cross={"month_end": MONTHS, "stage": STAGES}),
    "lifecycle_transitions": Shape(cross={"month_end": MONTHS, "from_stage": STAGES, "to_stage": STAGES}),
    "attribution_summary": Shape(
        cross={
            "dimension": ["marketing_channel", "campaign"],
            "attribution_model": MODELS,
            "marketing_channel": [*ADVERTISING, "unattributed"],
            "period": ["all", *(month[:7] for month in MONTHS)],
            "customer_type": ["all", "new", "returning"],
        }
    ),
    "attribution_global": Shape(
        cross={"attribution_model": MODELS[6:], "period": ["all"], "marketing_channel": ADVERTISING}
    ),
    "attribution_model_comparison": Shape(
        cross={"attribution_model": MODELS, "marketing_channel": ADVERTISING}
    ),
    "attribution_transitions": Shape(
        cross={
            "period": ["all"],
            "from_state": ["(start)", *ADVERTISING],
            "to_state": [*ADVERTISING, "(conversion)", "(null)"],
        }
    ),
    "attribution_path_lengths": Shape("12"),
    "attribution_time_lags": Shape(
        cross={"outcome": ["converted", "null"], "lag_days": [str(lag) for lag in range(31)]}
    ),
    "attribution_spend_reconciliation": Shape(
        cross={
            "attribution_model": MODELS,
            "business_date": MONTHS,
            "marketing_channel": ADVERTISING,
            "reconciliation": ["both", "spend_without_credit", "credit_without_spend"],
        }
    ),
    "attribution_quality": Shape(
        cross={
            "metric": [
                "unattributed",
                "without_customer",
                "direct_only",
                "credited_before_identity_resolution",
                "credited_by_log_in_alone",
                "credited_after_identity_resolution",
            ]
        }
    ),
    "ops_review_evidence": Shape(c="i // 3"),
    "ops_loads": Shape(
        cross={
            "channel": CHANNELS,
            "export": EXPORTS,
            "status": ["landed", "landed", "held", "duplicate_file"],
        }
    ),
    "ops_identity_quality": Shape(
        cross={
            "generation_number": GENERATIONS,
            "metric": [
                "records",
                "customers",
                "largest_customer_records",
                "customers_by_size",
                "guard_events",
                "review_queue",
            ],
            "dimension": ["all", "1", "2", "3 to 5"],
        }
    ),
}

# By column name; c, o, t, i and n are integers of the row.
BY_NAME: dict[str, str] = {
    "customer_id": "md5('customer' || c)",
    "customer_id_l": "md5('customer' || c)",
    "customer_id_r": "md5('customer' || (c + 1) % n)",
    "successor_customer_id": "null",
    "closed_reason": "null",
    "household_id": "'h' || c // 3",
    "record_key": "md5('record' || i)",
    "record_key_l": "md5('record' || c)",
    "record_key_r": "md5('record' || (c + 1) % n)",
    "evidence_hash": "md5('evidence' || i)",
    "source_customer_id": "'S' || c",
    "order_id": "'O' || o",
    "conversion_id": "list_value('shopify', 'square', 'youzan')[1 + o % 3] || ':O' || o",
    "touch_id": "'ga4:T' || t",
    "touchpoint_id": "'T' || t",
    "channel": "list_value('shopify', 'square', 'youzan')[1 + o % 3]",
    "channels": "'shopify, square'",
    "marketing_channel": f"{ADVERTISING}[1 + t % 6]",
    "touch_type": "'visit'",
    "outcome": "list_value('converted', 'null', 'censored')[1 + o % 3]",
    "path": "'paid_search > email' || repeat(' > direct', i)",
    "segment": f"{SEGMENTS}[1 + c % 11]",
    "stage": f"{STAGES}[1 + c % 5]",
    "status": f"{STATUSES}[1 + i % 3]",
    "recency_score": "1 + c % 5",
    "frequency_score": "1 + (c // 5) % 5",
    "monetary_score": "1 + (c // 7) % 5",
    "rfm_cell": "(1 + c % 5)::varchar || (1 + (c // 5) % 5) || (1 + (c // 7) % 5)",
    "masked_full_name": "list_value('张*', 'A*', '李*')[1 + c % 3]",
    "masked_phone": "'+86138****' || lpad((c % 10000)::varchar, 4, '0')",
    "masked_email": "'a***@example.com'",
    "full_name": "list_value('张伟', 'Ann Lee', '李娜')[1 + c % 3] || ' ' || c",
    "phone": "'+86138' || lpad(c::varchar, 8, '0')",
    "email": "'person' || c || '@example.com'",
    "attribute": "list_value('full_name', 'phone', 'email', 'address')[1 + i % 4]",
    "rule": "list_value('only_value', 'most_trusted', 'most_recent')[1 + i % 3]",
    "kind": "list_value('likely_same', 'refused', 'held')[1 + i % 3]",
    "currency": "'USD'",
    "period": "'all'",
    "is_conversion": "true",
    "is_anonymous": "o % 10 = 9",
    "is_marketing_allowed": "c % 2 = 0",
    "is_current": "true",
    "queue_rank": "i + 1",
    "comparison": "list_value('start', 'name', 'phone')[1 + i % 3]",
    "bits": "list_value(-20.0, 14.5, -3.25)[1 + i % 3]",
    "position": "1 + t % 2",
    "path_length": "1 + i % 12",
    "record_count": "1 + c % 6",
    "channel_count": "1 + c % 3",
    "order_status": "'paid'",
    "credit": "0.5",
    "confidence": "0.9 + (i % 10) / 100",
    "probability_alive": "(c % 100) / 100",
    "as_of_date": f"date '{AS_OF_DATE}' - (30 * (i // n))::integer",
    "from_date": "date '2017-11-30'",
    "to_date": f"date '{AS_OF_DATE}'",
    "date_day": "date '2017-01-01' + i::integer",
    "order_date": "date '2017-01-01' + ((o * 37) % 365)::integer",
    "week_number": "i",
    "ordered_at": "timestamp '2017-01-01' + to_hours(((o * 37) % 365)::integer * 24 + 9)",
    "touched_at": "timestamp '2017-01-01' + to_hours(((t * 41) % 365)::integer * 24 + 8)",
    "landed_at": "timestamp '2018-01-01 02:00:00'",
}


def contracted(folder: str) -> dict[str, dict[str, Any]]:
    """Models of dbt_project/models/<folder> by name, as their YAML describes them."""
    paths = sorted((PROJECT_DIR / "dbt_project" / "models" / folder).glob("*.yml"))
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]
    models = {model["name"]: model for model in chain.from_iterable(file.get("models", []) for file in files)}
    if "customer_traits" in models:  # its columns are those of vars.traits
        traits = project_vars(PROJECT_DIR / "dbt_project")["traits"]
        kinds = {"text": "varchar", "number": "double"}
        models["customer_traits"]["columns"] = [
            {"name": "customer_id", "data_type": "varchar", "description": "The customer."},
            *(
                {"name": name, "data_type": kinds[trait["type"]], "description": trait["description"]}
                for name, trait in traits.items()
            ),
        ]
    return models


def publish_made_up(
    settings: Settings, *, customers: int = 60, generation: str = "g000001", leave_out: tuple[str, ...] = ()
) -> None:
    """Write a generation of all contracted marts and make it current."""
    folder = settings.published_dir / generation
    folder.mkdir(parents=True)
    _write(folder / MARTS_FILE, "marts", customers, leave_out)
    _write(folder / CONTACT_FILE, "contact", customers, ())
    generations.flip(settings, generation)
    if customers:
        _show_requests(settings)


def revise(settings: Settings, change: str) -> None:
    """Another file in the place of the current generation's, with something changed."""
    folder = (settings.published_dir / "current").resolve()
    old = (folder / "marts.duckdb").resolve()
    new = folder / "revised.duckdb"
    with duckdb.connect() as con:
        con.execute(
            f"attach '{old}' as old (read_only); attach '{new}' as new; copy from database old to new"
        )
        con.execute(change)
    new.replace(old)


REQUEST = "3f2a0c11-0000-4000-8000-000000000001"  # an open one of the made-up ledger


def _show_requests(settings: Settings) -> None:
    """A ledger as rights show it: one request that waits for the officer's word, one that was erased, one that was answered."""
    line = {"hers": "R…a", "other": "R…o", "agreement": "different"}
    lines = [{"attribute": each, **line} for each in ("full_name", "phone", "email")]
    by_score = {
        "record_key": "a" * 32,
        "channel": "loyalty",
        "beside_key": "b" * 32,
        "beside_channel": "shopify",
        "compared": lines,
    }
    shared = {
        "jurisdiction": "gdpr", "received_at": "2026-01-31T12:00:00", "due_date": "2026-02-28", "is_extended": False, "is_verified": True,
        "status": "completed", "outcome": None, "closed_at": None, "identities": ["email"], "purposes": [], "attribute": None, "language": None,
        "holds": [], "events": [["2026-01-31T12:00:00", "received", "lee", None]], "corrections": {}, "answer": None, "erasure": None,
        "confirmed": {}, "found": None,
    }  # fmt: skip
    found = {
        "at": "2026-02-01T00:00:00+00:00",
        "records": 2,
        "customers": 1,
        "stores": {"state.duckdb: main.rulings": 3},
        "by_score": [by_score],
    }
    erasure = {"erasure_id": "20260201T000000-0a1b2c3d", "status": "interim"}
    requests = [
        {**shared, "request_id": REQUEST, "kind": "erase", "status": "in_progress", "found": found, "erasure": erasure,
         "holds": [{"table_name": "shopify.orders", "column_name": "billing_name", "reason": "tax", "until_date": None}]},
        {**shared, "request_id": "0" * 8 + REQUEST[8:], "kind": "correct", "attribute": "city", "corrections": {"lapsed": 2}},
    ]  # fmt: skip
    document = {
        "erasure_id": erasure["erasure_id"], "status": "interim", "scan": {"cells": 123456, "files": 78, "found": []},
        "stores": {"landing": {"removed": {"loyalty.members": 2}, "blanked": {"shopify.orders": 1}}, "warehouse": {"removed": {}, "blanked": {}}},
        "kept_on_hold": [{"table_name": "shopify.orders", "column_name": "billing_name", "reason": "tax", "rows": 1}],
        "waiting": ["meta_ads: 1 keys of hers are not acknowledged as removed"], "root": {"hash": "ab" * 32, "files": 78}, "files_after": {}, "signature": "cd" * 32,
    }  # fmt: skip
    certificates = settings.home / "rights" / "certificates"
    certificates.mkdir(parents=True, exist_ok=True)
    (certificates / f"{erasure['erasure_id']}.json").write_text(json.dumps(document), encoding="utf-8")
    shown = {"made_at": "2026-02-01T00:00:00+00:00", "requests": requests}
    (settings.home / "rights" / "shown.json").write_text(json.dumps(shown), encoding="utf-8")


def _write(path: Path, schema: str, customers: int, leave_out: tuple[str, ...]) -> None:
    con = duckdb.connect(str(path))
    con.execute(f"create schema {schema}; use {schema}; begin")
    con.execute(f"create macro made_up_n() as {customers}")
    for name, model in contracted(schema).items():
        if name not in leave_out:
            _create(con, name, model, customers)
    con.execute("drop macro made_up_n; commit")
    con.close()


def _create(con: duckdb.DuckDBPyConnection, name: str, model: dict[str, Any], customers: int) -> None:
    shape = SHAPES.get(name, Shape())
    base, keys = _base(shape)
    expressions = []
    for column in model["columns"]:
        value = keys.get(column["name"]) or BY_NAME.get(column["name"]) or _by_type(column)
        expressions.append(f"cast({value} as {column['data_type']}) as {column['name']}")
    con.execute(
        f"create table {name} as select {', '.join(expressions)} from "
        f"(select *, {shape.c} as c, {shape.o} as o, {shape.t} as t from (select *, {max(customers, 1)} as n from {base}))"
    )
    con.execute(f"comment on table {name} is {_text(model['description'])}")
    for column in model["columns"]:
        con.execute(f"comment on column {name}.{column['name']} is {_text(column['description'])}")


def _base(shape: Shape) -> tuple[str, dict[str, str]]:
    """(relation with column i, expression per key column)."""
    if not shape.cross:
        return f"(select range as i from range(({shape.rows.replace('n', 'made_up_n()')})::bigint))", {}
    parts = [f"(select unnest({values}) as key_{name})" for name, values in shape.cross.items()]
    columns = ", ".join(f"key_{name}" for name in shape.cross)
    relation = f"(select row_number() over () - 1 as i, {columns} from {' cross join '.join(parts)})"
    return relation, {name: f"key_{name}" for name in shape.cross}


def _by_type(column: dict[str, Any]) -> str:
    kind, name = column["data_type"].lower(), column["name"]
    if kind == "boolean":
        return "c % 4 <> 0"
    if kind == "date":
        return f"date '{AS_OF_DATE}' - (c % 300)::integer"
    if kind.startswith("timestamp"):
        return f"timestamp '{AS_OF_DATE}' - to_days((c % 300)::integer)"
    if name.endswith(("_share", "_rate", "probability")):
        return "((i * 7) % 100) / 100"
    if kind == "double":
        return "(i * 13) % 90 + 0.5"
    if kind.startswith(("decimal", "integer", "bigint", "hugeint")):
        return "1 + (i * 13) % 90"
    return f"'{name} ' || i % 5"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

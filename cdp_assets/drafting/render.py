"""The text of a drafted channel: its contract, its staging models and the YAML beside them, by the templates in templates/."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import yaml

from cdp_assets.drafting.shapes.model import Model, filled
from cdp_assets.drafting.table import Field, Table
from cdp_assets.shapes import shapes

BANDS = ("ids", "person", "address", "times", "money", "text")


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  YAML and SQL


def _rendered(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


def render_contract(channel: str, tables: Sequence[Table]) -> str:
    """The contract of the channel, as YAML."""
    return _rendered(
        "contract.yaml.jinja",
        channel=channel,
        tables=tables,
        flow=_flow,
        grain=_grain,
        is_required=lambda table, each: each.column in (table.keys.required, *table.keys.key),
        facts_of=_facts_of,
    )


def _grain(table: Table) -> str:
    if not table.keys.key:
        return "line of the file"
    name = table.name(table.keys.key[0]).replace("_", " ")
    return name if table.keys.rows_per_key == "one" else f"line of a {name}"


def _facts_of(table: Table, each: Field) -> Mapping[str, Any]:
    may_lack = (
        table.profile.sample.is_document and each.column not in table.keys.key
    )  # a key may be left out of every record
    return {**each.facts, **({"optional": True} if may_lack else {})}


def _flow(value: Any) -> str:
    """A value as YAML that is safe inside {…}."""
    text: str = yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, width=100_000)
    return text.strip()[1:-1]


def render_model(model: Model) -> str:
    """A staging model: `source`, then `renamed` with the columns that the channel has, then the shape, which fills the rest."""
    table = model.table
    used = set(re.findall(r"\w+", model.used))
    lent = [each for each in table.fields if each.borrowed and each.name in used]
    made = re.findall(r"as \w+\((\w+)\)$", model.joins)
    picks = [model.picks if model.picks != "*" or not (lent or made) else "rows.*", *made]
    picks += [f"of_{each.borrowed.export}.{each.name}" for each in lent if each.borrowed]
    return _rendered(
        "model.sql.jinja",
        model=model,
        picks=", ".join(picks),
        landed=_landed(table.channel, table.export),
        joins=[*_joins(table, lent), *filter(None, [model.joins])],
        bands=_bands(model),
    )


def _bands(model: Model) -> list[tuple[str, list[str]]]:
    """The select list in bands, in the shape's order."""
    expressions = dict(filled({**model.expressions, "channel": f"'{model.table.channel}'"}))
    columns = [c for c in shapes()[model.shape].columns if c.name in expressions]
    found = [
        (band, [_aliased(expressions[c.name], c.name) for c in columns if c.band == band]) for band in BANDS
    ]
    return [(band, aliased) for band, aliased in found if aliased]


def _aliased(sql: str, name: str) -> str:
    return sql if sql == name else f"{sql} as {name}"


def _landed(channel: str, export: str) -> str:
    return f"{{{{ landed('{channel}', '{export}') }}}}"


def _joins(table: Table, lent: Sequence[Field]) -> list[str]:
    """One join per sibling and key, that gives one row per key."""
    joins = []
    for (export, key, own), group in groupby(sorted(lent, key=_sibling), key=_sibling):
        name = next(each.name for each in table.fields if each.column.position == own)
        columns = "".join(f", {each.borrowed.expression} as {each.name}" for each in group if each.borrowed)
        inner = (
            f"select {key} as lent_key{columns} from {_landed(table.channel, export)} as rows group by {key}"
        )
        joins.append(f"left join ({inner}) as of_{export} on of_{export}.lent_key = rows.{name}")
    return joins


def _sibling(each: Field) -> tuple[str, str, int]:
    assert each.borrowed
    return each.borrowed.export, each.borrowed.key, each.borrowed.own_key


def render_descriptions(channel: str, wanted: Sequence[str]) -> str:
    """The YAML beside a channel's staging models."""
    title = channel.replace("_", " ").title()
    models = [
        (f"stg_{channel}__{name}", json.dumps(shape.description(title), ensure_ascii=False))
        for name, shape in shapes().items()
        if name in wanted
    ]
    return _rendered("models.yml.jinja", models=models)

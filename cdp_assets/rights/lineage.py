"""From a column that is collected to whatever may be made of it: dbt's graph, and in each model's SQL which column is made of which.

By names, and rather too much than too little: a column counts as made of every column that its expression names, through all its CTEs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlglot
from sqlglot import exp

Node = tuple[str, str]  # unique id of a model or source, column


Name = TypeVar("Name")


def reached(start: Iterable[Name], edges: Mapping[Name, set[Name]]) -> set[Name]:
    """Everything that edges lead to, and the start itself."""
    found, waiting = set[Name](), list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges.get(name, set()) - found
    return found


@dataclass
class Model:
    """What a model's SQL says: column → names that it is made of; names that decide about rows; whether all of some table passes through."""

    made_of: dict[str, set[str]] = field(default_factory=dict)
    conditions: set[str] = field(default_factory=set)
    passes_all: bool = False

    def sources_of(self, column: str) -> set[str]:
        """Names that a column is made of, through all CTEs, itself included where a table passes whole or its name is not redefined."""
        return reached([column], self.made_of)

    def deciding(self) -> set[str]:
        return {name for condition in self.conditions for name in self.sources_of(condition)}


def read_sql(sql: str) -> Model:
    """What one compiled model makes of what. Raises sqlglot.errors.ParseError."""
    model = Model()
    for select in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Select):
        for projection in select.expressions:
            model.passes_all = model.passes_all or projection.is_star
            names = {column.name for column in projection.find_all(exp.Column)}
            model.made_of.setdefault(projection.alias_or_name, set()).update(
                names - {projection.alias_or_name}
            )
        model.conditions |= {name for part in _deciding_parts(select) for name in _names_in(part)}
    return model


def _names_in(part: exp.Expression) -> set[str]:
    return {column.name for column in part.find_all(exp.Column)} | {
        each.name for each in part.args.get("using") or []
    }


def _deciding_parts(select: exp.Select) -> Iterator[exp.Expression]:
    """What decides about rows: conditions, joins, groups; what must differ, and by which order some of them are kept."""
    for key in ("where", "joins", "having", "qualify", "group"):
        parts = select.args.get(key) or []
        yield from parts if isinstance(parts, list) else [parts]
    distinct = select.args.get("distinct")
    if distinct is not None:
        yield from [distinct.args["on"]] if distinct.args.get("on") else select.expressions
    if (distinct is not None or select.args.get("limit")) and select.args.get("order"):
        yield select.args["order"]


@dataclass
class Lineage:
    """children: node → nodes that are made of it; deciders: node → models where it decides about rows; unreadable: models taken whole."""

    children: dict[Node, set[Node]] = field(default_factory=dict)
    deciders: dict[Node, set[str]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def reached_from(self, start: Iterable[Node]) -> set[Node]:
        return reached(start, self.children)


def lineage(manifest: Mapping[str, Any], compiled: Path, columns: Mapping[str, Iterable[str]]) -> Lineage:
    """columns: unique id → its columns, of the sources. compiled: folder of dbt's compiled models. A model that cannot be read takes all."""
    nodes = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    known = {name: set(each) for name, each in columns.items()}
    known |= {name: set(node["columns"]) for name, node in nodes.items()}
    found = Lineage()
    for name, node in nodes.items():
        model = _model_of(node, compiled, found)
        for parent in [each for each in node["depends_on"]["nodes"] if each in known]:
            _enter(found, model, (name, known[name]), (parent, known[parent]))
    return found


def _enter(
    found: Lineage, model: Model | None, child: tuple[str, set[str]], parent: tuple[str, set[str]]
) -> None:
    """Edges from each column of a parent to the columns of a child that may be made of it."""
    name, outputs = child
    made_of = {out: model.sources_of(out) if model else parent[1] for out in outputs}
    deciding = model.deciding() if model else parent[1]
    for column in parent[1]:
        edges = {(name, out) for out in outputs if column in made_of[out]}
        found.children.setdefault((parent[0], column), set()).update(edges)
        if column in deciding:
            found.deciders.setdefault((parent[0], column), set()).add(name)


def _model_of(node: Mapping[str, Any], compiled: Path, found: Lineage) -> Model | None:
    path = compiled / node["package_name"] / node["original_file_path"]
    try:
        return read_sql(path.read_text(encoding="utf-8"))
    except (OSError, sqlglot.errors.SqlglotError):
        found.unreadable.append(node["name"])
        return None

"""`onefold channel new`: from sample files to a drafted contract, dbt sources and staging models.

A sample passes through once: sample → language → profile → roles → rows → keys → money → (siblings) → table → shapes → rendered text and questions. A draft
runs as it is; what was inferred or cannot be known from a sample is asked, to be read by a person.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from cdp_assets.drafting.file_names import export_name, file_pattern
from cdp_assets.drafting.keys import keys_of
from cdp_assets.drafting.money.settle import money_of
from cdp_assets.drafting.numbering import with_shared_numbers, with_whole_numbers
from cdp_assets.drafting.objects import with_objects
from cdp_assets.drafting.part import Part
from cdp_assets.drafting.profile import Profile, profile_of
from cdp_assets.drafting.questions import questions_of
from cdp_assets.drafting.render import render_contract, render_descriptions, render_model
from cdp_assets.drafting.roles.role import Roles
from cdp_assets.drafting.roles.rules import roles_of
from cdp_assets.drafting.rows.kinds import kinds_of
from cdp_assets.drafting.rows.left_out import rows_of
from cdp_assets.drafting.sample import read_sample
from cdp_assets.drafting.shapes import SHAPES
from cdp_assets.drafting.shapes.model import Model
from cdp_assets.drafting.siblings import join_parts
from cdp_assets.drafting.table import Table, column_name, declare
from cdp_assets.drafting.words import Words, load_words
from cdp_assets.landing.contract import NAME_PATTERN, ContractProblem, load_contract
from cdp_assets.landing.downstream import listing_with, shapes_by_list, write_sources
from cdp_assets.settings import Settings

MADE = re.compile(r"\{\{ (?:element|packed)_total\('(\w+)'.*?\) \}\}")  # a question names the column


@dataclass
class ChannelDraft:
    """What was written, and what is left to decide."""

    channel: str
    contract_path: Path
    written: list[Path] = field(default_factory=list)
    exports: dict[str, int] = field(default_factory=dict)  # export → columns
    shapes: list[str] = field(default_factory=list)
    list_entries: list[str] = field(default_factory=list)  # lines of vars.channels in dbt_project.yml
    open_questions: list[str] = field(default_factory=list)


def draft_channel(
    settings: Settings,
    name: str,
    samples: Sequence[Path],
    *,
    export: str | None = None,
    sheet: str | None = None,
    overwrite: bool = False,
    channels_dir: Path | None = None,
    dbt_project_dir: Path | None = None,
    languages: Sequence[Path] = (),
) -> ChannelDraft:
    """Draft a channel from one sample per export; `export` names it where there is one sample, `sheet` that of a workbook.

    `languages`: further folders of words. Raises ContractProblem where the name is no name or a file of that channel exists
    (`overwrite` replaces drafts), FileHeld for a sample that cannot be read.
    """
    if not re.match(NAME_PATTERN, name):
        raise ContractProblem(
            f"{name!r} is no channel name", "the command", "use lower-case letters, digits and underscores"
        )
    contract_path = (channels_dir or settings.channels_dir) / f"{name}.yaml"
    in_force = contract_path if channels_dir else settings.contract_path(name)
    if in_force.exists() and not overwrite:
        raise ContractProblem(
            f"{in_force.name} exists already", str(in_force), "edit it, or draft under another name"
        )
    words = load_words(*languages)
    names = [export] if export and len(samples) == 1 else _names(samples)
    read = [read_sample(path, words, sheet) for path in samples]
    words = words.spoken_in(column.header for sample in read for column in sample.columns)
    profiles = [profile_of(sample, words) for sample in read]
    roles = with_shared_numbers([roles_of(profile, words) for profile in profiles], words)
    parts = [_part(*each, words) for each in zip(names, profiles, roles, strict=True)]
    tables = list(_tables(name, parts, words, _rates(settings)))
    models = _chosen(tables)
    return _written(name, contract_path, dbt_project_dir or settings.dbt_project_dir, tables, models)


def _names(samples: Sequence[Path]) -> list[str]:
    names: list[str] = []
    for path in samples:
        name = column_name(export_name(path.name)).removesuffix("_column")
        while name in names:
            name += "_more"
        names.append(name)
    return names


def _part(export: str, profile: Profile, said: Roles, words: Words) -> Part:
    """One sample, alone."""
    kinds = kinds_of(said, words)
    roles = with_whole_numbers(said, kinds, words)
    rows = rows_of(roles, kinds, words)
    is_document = profile.sample.is_document
    keys = keys_of(roles, rows, words, is_document=is_document, has_period=profile.sample.has_period)
    whole, objects = with_objects(roles, words, str(profile.facts.get("decimalMark", ".")))
    money = money_of(whole, keys, rows, words, is_document=is_document)
    return Part(
        export=export, profile=profile, roles=whole, rows=rows, keys=keys, money=money, objects=objects
    )


def _tables(channel: str, parts: Sequence[Part], words: Words, rates: frozenset[str]) -> Iterator[Table]:
    currencies = {part.profile.currency for part in parts} - {None}
    shared = currencies.pop() if len(currencies) == 1 else None
    for part in join_parts(parts, words):
        money = money_of(part.roles, part.keys, part.rows, words) if part.borrowed else part.money
        yield declare(channel, replace(part, money=money), words, rates, shared)


def _chosen(tables: Sequence[Table]) -> dict[str, tuple[Model, list[str]]]:
    """Each shape from the export that fills it best."""
    by_shape: dict[str, list[Model]] = {}
    for model in chain.from_iterable(map(_models, tables)):
        by_shape.setdefault(model.shape, []).append(model)
    said = "two exports fill it; the one that fills more is taken"
    return {
        shape: (max(found, key=_rank), [f"{shape}: {said}"] if len(found) > 1 else [])
        for shape, found in by_shape.items()
    }


def _models(table: Table) -> Iterator[Model]:
    """The models that an export can fill, but no lines of orders whose lines stand in a sibling."""
    for shape in SHAPES:
        yield from (model for model in shape(table) if not (model.shape == "order_lines" and table.has_lines))


def _rank(model: Model) -> tuple[bool, int]:
    """Orders whose lines stand in a sibling and lists of persons go first, then what fills more columns."""
    table = model.table
    is_own = (
        table.has_lines if model.shape == "orders" else model.shape == "customers" and not table.keys.order
    )
    return is_own, len([sql for sql in model.expressions.values() if sql])


def _written(
    name: str,
    contract_path: Path,
    dbt_dir: Path,
    tables: Sequence[Table],
    models: dict[str, tuple[Model, list[str]]],
) -> ChannelDraft:
    contract_path.write_text(render_contract(name, tables), encoding="utf-8")
    draft = ChannelDraft(name, contract_path, [contract_path])
    draft.written.append(write_sources(dbt_dir, load_contract(contract_path)))
    for table in tables:
        own = [model for model, _ in models.values() if model.table is table]
        _, said = file_pattern(table.profile.sample.path.name)
        draft.exports[table.export] = len(table.contract_fields)
        asked = [*said, *questions_of(table, own)]
        draft.open_questions += [f"{table.export}: {question}" for question in dict.fromkeys(asked)]
    folder, listed = dbt_dir / "models" / "staging" / name, shapes_by_list(dbt_dir)
    for shape, (model, said) in models.items():
        _write(folder / f"stg_{name}__{shape}.sql", render_model(model), draft)
        draft.open_questions += [
            f"stg_{name}__{shape}: {question}" for question in dict.fromkeys([*said, *model.questions])
        ]
        draft.list_entries.append(listing_with(listed, name, shape))
    draft.open_questions = [MADE.sub(r"\1", question) for question in draft.open_questions]
    draft.shapes = list(models)
    if models:
        _write(folder / f"_{name}__models.yml", render_descriptions(name, list(models)), draft)
    else:
        draft.open_questions.append(
            "staging: no shared shape fits, so the rows land but no table takes them in; "
            "write the models in dbt_project/models/staging by hand"
        )
    return draft


def _rates(settings: Settings) -> frozenset[str]:
    """Currencies that have a rate."""
    with (settings.reference_dir / "fx_rates.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["currency"] for row in csv.DictReader(file))


def _write(path: Path, text: str, draft: ChannelDraft) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    draft.written.append(path)

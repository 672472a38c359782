"""`onefold channel new`: from sample files to a drafted contract, dbt sources and staging models.

A draft runs as it is; what was guessed or cannot be known from a sample is listed as undecided, to be read by a person.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.drafting.amounts import settle_amounts
from cdp_assets.drafting.contact_columns import settle_contacts
from cdp_assets.drafting.dating import zone_of
from cdp_assets.drafting.draft_roles import Hints, StagingDraft, order_numbers
from cdp_assets.drafting.file_names import file_pattern
from cdp_assets.drafting.guessing import GuessedColumn, column_name, guess_columns
from cdp_assets.drafting.keying import declare_keys
from cdp_assets.drafting.meanings import currency_of_language
from cdp_assets.drafting.numbering import currency_of
from cdp_assets.drafting.rendering import render_models, render_select, titled
from cdp_assets.drafting.sampling import Sample, read_sample
from cdp_assets.drafting.staging_drafts import draft_staging
from cdp_assets.landing.contract import NAME_PATTERN, ContractProblem, load_contract
from cdp_assets.landing.wiring import listing_with, write_sources
from cdp_assets.settings import Settings
from cdp_assets.shapes import shapes


@dataclass
class ChannelDraft:
    """What was written, and what is left to decide."""

    channel: str
    contract_path: Path
    written: list[Path] = field(default_factory=list)
    exports: dict[str, int] = field(default_factory=dict)  # export → columns
    shapes: list[str] = field(default_factory=list)
    list_entries: list[str] = field(default_factory=list)  # lines of vars.channels in dbt_project.yml
    undecided: list[str] = field(default_factory=list)


@dataclass
class _DraftedExport:
    name: str
    sample: Sample
    columns: list[GuessedColumn]
    facts: dict[str, Any]
    key: list[str]
    notes: list[str]


def draft_channel(
    settings: Settings,
    name: str,
    samples: Sequence[Path],
    *,
    export: str | None = None,
    overwrite: bool = False,
    channels_dir: Path | None = None,
    dbt_project_dir: Path | None = None,
) -> ChannelDraft:
    """Draft a channel from one sample per export; `export` names it where there is one sample.

    Raises ContractProblem where the name is no name or a file of that channel exists (`overwrite` replaces drafts).
    """
    if not re.match(NAME_PATTERN, name):
        raise ContractProblem(f"{name!r} is no channel name: use lower-case letters, digits and underscores")
    contract_path = (channels_dir or settings.channels_dir) / f"{name}.yaml"
    dbt_dir = dbt_project_dir or settings.dbt_project_dir
    in_force = contract_path if channels_dir else settings.contract_path(name)
    if in_force.exists() and not overwrite:
        raise ContractProblem(f"{in_force.name} exists already: edit it, or draft under another name")
    drafted = _draft_exports(samples, export)
    contract_path.write_text(_render_contract(name, drafted), encoding="utf-8")
    contract = load_contract(contract_path)
    draft = ChannelDraft(name, contract_path, [contract_path])
    draft.written.append(write_sources(dbt_dir, contract))
    for each in drafted:
        draft.exports[each.name] = len(each.columns)
        draft.undecided += [f"{each.name}: {note}" for note in _undecided(each)]
    _write_staging(dbt_dir, name, drafted, draft, _rates(settings))
    return draft


def _draft_exports(samples: Sequence[Path], export: str | None) -> list[_DraftedExport]:
    drafted: list[_DraftedExport] = []
    for path in samples:
        sample = read_sample(path)
        pattern, notes = file_pattern(path.name)
        facts: dict[str, Any] = {"filePattern": pattern, **sample.facts}
        columns, guesses = guess_columns(sample.used, facts, sample.titles)
        name = export if export and len(samples) == 1 else _export_name(path, {each.name for each in drafted})
        texts = {column.name: each for column, each in zip(columns, sample.used, strict=True)}
        guesses += settle_contacts(columns, texts)
        key, keyed = declare_keys(columns, texts, facts)
        keyed += settle_amounts(columns, texts, facts, key if facts.get("rowsPerKey") == "many" else [])
        if order_numbers(columns):
            facts["onErasure"] = (
                "blank"  # its rows bear money: they stay, without a person who asked to be forgotten
            )
        if (zone := zone_of([column.header for column in columns])) and any(c.is_naive for c in columns):
            facts["timeZone"] = zone
        drafted.append(_DraftedExport(name, sample, columns, facts, key, [*notes, *guesses, *keyed]))
    return drafted


def _export_name(path: Path, taken: set[str]) -> str:
    """The file's name without dates, numbers and endings; a draft is nobody's last word on it."""
    stem = re.sub(
        r"(\.(csv|tsv|txt|json|ndjson|jsonl|xlsx|parquet|gz|zip))+$", "", path.name, flags=re.IGNORECASE
    )
    stem = re.sub(
        r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b", " ", stem, flags=re.IGNORECASE
    )
    name = column_name(re.sub(r"[\d\W_]+", " ", stem).strip() or "rows").removesuffix("_column")
    while name in taken:
        name += "_more"
    return name


def _undecided(export: _DraftedExport) -> list[str]:
    """What a person must look at, the whole export first, then its columns."""
    columns = export.columns
    notes = [*export.sample.undecided, *export.notes]
    if naive := [column.name for column in columns if column.is_naive]:
        zone = export.facts.get("timeZone", "UTC")
        notes.append(
            f"timeZone: {', '.join(naive)} name no zone, they are taken as {zone}; set the channel's own"
        )
    for column in columns:
        notes += column.undecided
    notes += _several(export)
    if blank := [column.name for column in columns if column.is_blank]:
        notes.append(
            f"blank in the whole sample, left as text: {', '.join(blank)}; give a type where you know it"
        )
    personal = [column.name for column in columns if column.classification in ("core", "sensitive")]
    notes.append(f"classification: personal are {', '.join(personal) or 'none'}; look at every column")
    return notes


def _several(export: _DraftedExport) -> list[str]:
    """Notes on meanings that several columns have; what only orders ask for is asked of orders only."""
    texts = {c.name: each.values for c, each in zip(export.columns, export.sample.used, strict=True)}
    of_persons, of_orders = (
        ("source_customer_id", "email", "phone"),
        ("order_id", "gross_amount", "ordered_at", "sku"),
    )
    is_order = any(column.role == "order_id" for column in export.columns)
    notes = []
    for role in (*of_persons, *(of_orders if is_order else ())):
        same = [column.name for column in export.columns if column.role == role and not column.is_blank]
        if len({tuple(texts[name]) for name in same}) > 1:
            notes.append(f"{role}: {', '.join(same)} all look like it; see which one the staging models take")
    return notes


def _render_contract(channel: str, drafted: list[_DraftedExport]) -> str:
    lines = [
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: onefold-{channel.replace('_', '-')}",
        f"name: {channel}",
        "version: 0.1.0",
        "status: draft",
        "description:",
        f"  purpose: The channel {channel.replace('_', ' ')}.",
        "slaProperties:",
        "  - {property: frequency, value: 1, unit: d}",
        "  - {property: retention, value: 730, unit: d}",
        "schema:",
    ]
    for export in drafted:
        lines += _render_export(export)
    return "\n".join(lines) + "\n"


def _render_export(export: _DraftedExport) -> list[str]:
    lines = [
        f"  - name: {export.name}",
        "    logicalType: object",
        "    physicalType: file",
        f"    description: {_flow(f'Drafted from a sample of {export.name.replace(chr(95), chr(32))}.')}",
        f"    dataGranularityDescription: {_flow('One row per ' + _grain(export) + '.')}",
        "    customProperties:",
    ]
    lines += [f"      - {{property: {name}, value: {_flow(value)}}}" for name, value in export.facts.items()]
    lines.append("    properties:")
    for column in export.columns:
        lines += [
            f"      - name: {column.name}",
            f"        physicalName: {_flow(column.header)}",
            f"        logicalType: {column.logical_type}",
        ]
        if column.required or column.name in export.key:
            lines.append("        required: true")
        if column.name in export.key:
            lines += [
                "        primaryKey: true",
                f"        primaryKeyPosition: {export.key.index(column.name) + 1}",
            ]
        lines.append(f"        classification: {column.classification}")
        facts = dict(column.facts)
        if export.sample.facts.get("format") in ("json", "ndjson") and column.name not in export.key:
            facts["optional"] = True  # a key may be left out of every record
        if facts:
            lines.append("        customProperties:")
            lines += [
                f"          - {{property: {name}, value: {_flow(value)}}}" for name, value in facts.items()
            ]
    return lines


def _grain(export: _DraftedExport) -> str:
    if export.key and export.facts.get("rowsPerKey") == "one":
        return export.key[0].replace("_", " ")
    return "line of a " + export.key[0].replace("_", " ") if export.key else "line of the file"


def _flow(value: Any) -> str:
    """A value as YAML that is safe inside {…}."""
    return yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, width=100_000).strip()[1:-1]


def _rates(settings: Settings) -> frozenset[str]:
    """Currencies that have a rate."""
    with (settings.reference_dir / "fx_rates.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["currency"] for row in csv.DictReader(file))


def _write_staging(
    dbt_dir: Path, channel: str, drafted: list[_DraftedExport], draft: ChannelDraft, rates: frozenset[str]
) -> None:
    """Draft the shapes that the exports can fill; each shape comes from the export that fills it best."""
    found: dict[str, StagingDraft] = {}
    for export in drafted:
        headers = [column.header for column in export.sample.columns]
        hints = Hints(
            currency_of(export.sample.symbols, [*headers, *export.sample.titles])
            or currency_of_language(headers),
            {column.name: texts for column, texts in _few_texts(export)},
            rates,
        )
        for staging in draft_staging(channel, export.name, export.columns, export.facts, hints, export.key):
            best = found.get(staging.shape)
            if best is None or len(staging.expressions) > len(best.expressions):
                if best:
                    draft.undecided.append(
                        f"{staging.shape}: two exports fill it; the one that fills more is taken"
                    )
                found[staging.shape] = staging
    folder = dbt_dir / "models" / "staging" / channel
    for shape, staging in found.items():
        text = render_select(channel, shapes()[shape], staging.expressions, staging.source, staging.comment)
        if staging.group_by:
            text = text.replace(
                "    from source\n)", f"    from source\n    group by {', '.join(staging.group_by)}\n)"
            )
        _write(folder / f"stg_{channel}__{shape}.sql", text, draft)
        draft.undecided += [f"stg_{channel}__{shape}: {note}" for note in staging.undecided]
        draft.list_entries.append(listing_with(dbt_dir, channel, shape))
    draft.shapes = list(found)
    if found:
        text = render_models(channel, titled(channel, None), [shapes()[shape] for shape in found])
        _write(folder / f"_{channel}__models.yml", text, draft)
    else:
        draft.undecided.append(
            "staging: no shared shape fits, so the rows land but no table takes them in; "
            "write the models in dbt_project/models/staging by hand"
        )


def _few_texts(export: _DraftedExport) -> Iterator[tuple[GuessedColumn, list[str]]]:
    """The different texts of columns whose words staging translates: an order's status, a consent."""
    for column, sample in zip(export.columns, export.sample.used, strict=True):
        texts = sorted(set(sample.filled))
        if (
            column.role in ("order_status", "consent", "line_kind", "amount_kind", "event_kind", "currency")
            and len(texts) <= 20
        ):
            yield column, texts


def _write(path: Path, text: str, draft: ChannelDraft) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    draft.written.append(path)

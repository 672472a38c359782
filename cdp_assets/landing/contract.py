"""Data contracts of the channels: what each export's file looks like, column by column.

The YAML uses the field names of the Open Data Contract Standard (v3.1); what that standard has no field for stands in
its `customProperties`. This module reads, checks and explains contracts. It opens no delivered file.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from cdp_assets import safe_yaml
from cdp_assets.errors import Problem

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "gb18030": "gb18030",
    "gbk": "gb18030",  # GB18030 reads every GBK file
    "cp1252": "cp1252",
    "cp1250": "cp1250",  # Polish, Czech, Hungarian Windows
    "shift_jis": "cp932",  # what Japanese Windows calls Shift-JIS
}

Classification = Literal["public", "internal", "sensitive", "core"]
FileFormat = Literal["csv", "ndjson", "json", "xlsx", "parquet"]
LogicalType = Literal["string", "integer", "number", "date", "timestamp", "boolean"]
Strip = Literal[
    "apostrophe",
    "quotes",
    "tab",
    "excel_text",
    "currency",
    "only_sign",
    "percent",
    "trailing_minus",
    "weekday",
    "decimal_zero",
    "country_code_86",
]
DecimalMark = Literal[".", ","]
ThousandsMark = Literal["", ",", ".", " ", "'"]
USE_OR_TAKE_AWAY = "correct it, or take the file away; `onefold doctor` reads every contract"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]


class ContractProblem(Problem):
    """A contract cannot be used."""


def _fold(value: Any) -> Any:
    """ODCS keeps extensions as a list of {property, value}; the models want a mapping."""
    if isinstance(value, list):
        return {item["property"]: item["value"] for item in value}
    return value


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class _OpenModel(BaseModel):
    """For objects where ODCS allows more fields than landing reads (owners, tags, links …)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class ColumnFacts(_Model):
    """What ODCS has no field for, about one column (its `customProperties`)."""

    aliases: list[str] = Field(default=[], description="Header texts of older or localised variants.")
    occurrence: int = Field(
        default=1, ge=1, description="Which of several columns of the same header, left to right."
    )
    source_columns: list[str] = Field(
        default=[], description="Header texts joined by a space before the cast."
    )
    optional: bool = Field(default=False, description="The file may come without this column.")
    fill_down: bool = Field(
        default=False,
        description="Blank cells repeat the first row of the same fillDownKey; those of the key itself, the row above.",
    )
    strip: list[Strip] = Field(
        default=[], description="Decorations removed before the pattern check, in order."
    )
    null_tokens: list[str] | None = Field(default=None, description="Replaces the export's null tokens.")
    header_pattern: str | None = Field(
        default=None, description="Regular expression of the header text where it varies; group 1 is a value."
    )
    header_value_of: str | None = Field(
        default=None,
        description="The value is not in the rows: it is group 1 of that column's headerPattern.",
    )
    number_as_text: bool = Field(
        default=False, description="XLSX: a number cell is fine for this text column."
    )
    formats: list[str] = Field(
        default=[],
        description="strptime formats, or epoch_s, epoch_ms, epoch_us, or excel_serial (days since the end of 1899).",
    )
    month_names: list[str] = Field(
        default=[],
        description="Twelve beginnings of words, January first, that formats read as the month's number (%m): jan, feb, mär|mrz, apr, …",
    )
    time_zone: str | None = Field(
        default=None, description="IANA zone of naive times; replaces the export's."
    )
    true_values: list[str] = ["true", "yes", "y", "1", "t"]
    false_values: list[str] = ["false", "no", "n", "0", "f"]
    allowed_values: list[str] = []
    collected: bool = Field(
        default=True,
        description="False: the column is known and its values do not land (`onefold minimise` proposes it); originals keep them until their retention ends.",
    )
    about_other: bool = Field(
        default=False,
        description="The value is of somebody else than the row's person (who sold, or brought her): an answer to a request of access leaves it out.",
    )
    words: dict[str, str] = Field(
        default={},
        description="What the channel's own words mean, as staging reads them (a consent's purpose and status): it lands as delivered.",
    )
    scale: int | None = Field(
        default=None, ge=0, le=12, description="Digits kept after the decimal mark (number)."
    )


class LogicalTypeOptions(_OpenModel):
    """Value rules of one column."""

    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None


class Column(_OpenModel):
    """One column: our name, the file's header text, its type and its rules."""

    name: Name
    physical_name: str = Field(default="", description="Header text in the file; the path for JSON.")
    logical_type: LogicalType = "string"
    required: bool = Field(default=False, description="Every row must hold a value.")
    primary_key: bool = False
    primary_key_position: int = -1
    description: str = ""
    classification: Classification
    logical_type_options: LogicalTypeOptions = LogicalTypeOptions()
    facts: Annotated[ColumnFacts, BeforeValidator(_fold)] = Field(
        default=ColumnFacts(), validation_alias="customProperties"
    )

    @property
    def scale(self) -> int:
        return 2 if self.facts.scale is None else self.facts.scale

    @property
    def is_id(self) -> bool:
        """Whether the text names a record, so that wreckage of it would merge what is apart."""
        return self.logical_type == "string" and (self.primary_key or self.name.endswith("_id"))

    @property
    def headers(self) -> list[str]:
        """Every header text under which this column may arrive."""
        return [self.physical_name, *self.facts.aliases]

    @property
    def sql_type(self) -> str:
        """DuckDB type of the landed column; money and prices are decimals, times are UTC."""
        return {
            "string": "varchar",
            "integer": "bigint",
            "number": f"decimal(18, {self.scale})",
            "date": "date",
            "timestamp": "timestamp",
            "boolean": "boolean",
        }[self.logical_type]


class NaturalKey(_Model):
    """A key for exports without an id: `_key_<name>` = pseudonym(key, "customer", channel, value).

    The value is the first column of `columns` that is filled and matches `pattern`, after `strip`; else the `fallback`
    columns joined with "|", if the first of them is filled; else the key is null. Without `columns` it is always the latter.
    """

    name: Name
    columns: list[Name] = []
    pattern: str | None = None
    strip: list[Strip] = []
    fallback: list[Name] = []


class Recipient(_Model):
    """To whom a row's goods go, where that may be another person than who bought: the cells stay when only the buyer is forgotten, and the other way round."""

    columns: list[Name] = Field(min_length=1, description="The cells that say who the recipient is.")
    order: Name = Field(description="Column of the order's id: staging calls the record `recipient:<order>`.")


class Dialect(_Model):
    """How the bytes of one file shape are read."""

    format: FileFormat = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    preamble_rows: int = Field(default=0, ge=0, description="Physical lines before the header.")
    sub_header_rows: int = Field(default=0, ge=0, description="Rows right after the header that are no data.")
    unnamed_columns: int = Field(
        default=0, ge=0, description="Blank cells that each row has beyond the last header text."
    )
    footer_prefixes: list[str] = Field(default=[], description="Rows that begin so are totals, not data.")
    footer_patterns: list[str] = Field(
        default=[],
        description="Regular expressions of rows that are no data: matched from the row's start, quotes left out.",
    )
    final_newline: bool = Field(
        default=False, description="The exporter always ends the file with a newline."
    )
    sheet: str | None = Field(default=None, description="XLSX sheet; default: the first.")
    records_path: str | None = Field(default=None, description="JSON: where the array of records is.")
    column_order: Literal["declared", "any"] = "declared"

    @model_validator(mode="after")
    def _known_encoding(self) -> Dialect:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding {self.encoding!r} is not one of {', '.join(ENCODINGS)}")
        if len(self.delimiter) != 1:
            raise ValueError("delimiter must be one character")
        for pattern in self.footer_patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"footerPatterns: {pattern!r} is no regular expression: {error}") from error
        return self

    @property
    def has_footers(self) -> bool:
        return bool(self.footer_prefixes or self.footer_patterns)

    def is_footer(self, cells: list[str]) -> bool:
        """Whether a row is a declared footer."""
        if self.footer_prefixes and cells[0].startswith(tuple(self.footer_prefixes)):
            return True
        if not self.footer_patterns:
            return False
        text = self.delimiter.join(cells).replace(self.quote or "", "")
        return any(re.match(pattern, text) for pattern in self.footer_patterns)


class DialectVariant(Dialect):
    """A second file shape of the same export, recognised by its file name; marks that it does not say are the export's."""

    file_pattern: str
    decimal_mark: DecimalMark | None = None
    thousands_mark: ThousandsMark | None = None


class ExportFacts(Dialect):
    """What ODCS has no field for, about one export (its `customProperties`)."""

    file_pattern: str = Field(
        description="Regular expression over the path below the channel's folder; groups period, part."
    )
    dialects: list[DialectVariant] = Field(
        default=[], description="Other file shapes, tried before the main one."
    )
    null_tokens: list[str] = []
    decimal_mark: DecimalMark = "."
    thousands_mark: ThousandsMark = ""
    currency_symbols: list[str] = ["$", "€", "£", "¥", "￥"]
    time_zone: str = "UTC"
    time_zone_column: Name | None = Field(default=None, description="Column that names each row's zone.")
    time_zone_names: dict[str, str] = Field(default={}, description="Display name to IANA zone.")
    fill_down_key: Name | None = None
    fill_down_id: Name | None = Field(
        default=None,
        description="Column whose value begins another record of the same fillDownKey: names repeat, ids do not.",
    )
    keyed_arrays: list[str] = Field(default=[], description="JSON arrays of {key, value} read as objects.")
    delivery: Literal["snapshot", "delta", "append"] = "append"
    replaces: Literal["nothing", "key", "file_name", "period"] = "nothing"
    version_column: Name | None = Field(
        default=None, description="The source's own version of a row, e.g. updated_at."
    )
    rows_per_key: Literal["one", "many"] = "one"
    on_erasure: Literal["remove", "blank"] = Field(
        default="remove",
        description="What becomes of a row whose person asked to be forgotten: it goes, or (rows that bear money) only the person does.",
    )
    natural_keys: list[NaturalKey] = []
    recipient: Recipient | None = None
    future_margin_days: int = 1
    settle_seconds: float = Field(default=1.0, ge=0, description="A younger file must stand still this long.")
    done_marker: str | None = Field(default=None, description="Suffix of an empty file that says: complete.")
    max_shrink: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="A snapshot or a redelivered file that lost more than this share of its rows is held; 1: never.",
    )
    max_quarantined: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="A file is held where more than this share of its rows breaks the contract; 1: never.",
    )
    max_columns: int = 2000
    max_line_bytes: int = 1_000_000
    max_expansion: int = 200

    @model_validator(mode="after")
    def _patterns_compile(self) -> ExportFacts:
        for pattern in [self.file_pattern, *(variant.file_pattern for variant in self.dialects)]:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"filePattern {pattern!r} is no regular expression: {error}") from error
        return self

    def dialect_for(self, relative_path: str) -> Dialect:
        """The file shape of a path that this export matches."""
        for variant in self.dialects:
            if re.fullmatch(variant.file_pattern, relative_path):
                return variant
        return self


class Export(_OpenModel):
    """One export of a channel: one kind of file, one landing table."""

    name: Name
    description: str = ""
    data_granularity_description: str = Field(default="", description="The grain: what one row is.")
    properties: list[Column] = Field(min_length=1)
    facts: Annotated[ExportFacts, BeforeValidator(_fold)] = Field(validation_alias="customProperties")

    @cached_property
    def primary_key(self) -> list[str]:
        """Names of the declared key's columns, in order; a natural key's `_key_<name>` where no column is one."""
        keyed = sorted((c for c in self.properties if c.primary_key), key=lambda c: c.primary_key_position)
        if keyed:
            return [column.name for column in keyed]
        return [f"_key_{key.name}" for key in self.facts.natural_keys if self.facts.replaces == "key"][:1]

    def column(self, name: str) -> Column:
        return next(column for column in self.properties if column.name == name)

    def in_dialect(self, dialect: Dialect) -> Export:
        """The same export with the marks of numbers that a file shape of its own says."""
        if not isinstance(dialect, DialectVariant):
            return self
        said = {"decimal_mark": dialect.decimal_mark, "thousands_mark": dialect.thousands_mark}
        marks = {name: mark for name, mark in said.items() if mark is not None}
        return self.model_copy(update={"facts": self.facts.model_copy(update=marks)}) if marks else self

    @model_validator(mode="after")
    def _names_agree(self) -> Export:
        self._check_column_names()
        if any(column.facts.fill_down for column in self.properties) and not self.facts.fill_down_key:
            raise ValueError(
                f"export {self.name}: fillDown needs a fillDownKey; name the column that groups the rows"
            )
        if self.facts.replaces == "key" and not self.primary_key:
            raise ValueError(
                f"export {self.name}: replaces key, but no column is primaryKey; mark the key's columns"
            )
        if self.facts.replaces == "period" and "(?P<period>" not in self.facts.file_pattern:
            raise ValueError(
                f"export {self.name}: replaces period, but filePattern has no group (?P<period>…)"
            )
        return self

    def _check_what_is_left_out(self, named: set[str]) -> None:
        """A column that is not collected is one that nothing needs."""
        for column in self.properties:
            if not column.facts.collected and (column.required or column.primary_key or column.name in named):
                raise ValueError(
                    f"export {self.name}: {column.name} is not collected, but it is required, part of a key, or named by customProperties"
                )

    def _check_column_names(self) -> None:
        """Each column has one name, and what the export's facts name is a column."""
        names = [column.name for column in self.properties]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(
                f"export {self.name}: the column {twice[0]} is declared twice; give each its own name"
            )
        wanted = [self.facts.fill_down_key, self.facts.fill_down_id]
        wanted += [self.facts.version_column, self.facts.time_zone_column]
        wanted += [name for key in self.facts.natural_keys for name in [*key.columns, *key.fallback]]
        wanted += [self.facts.recipient.order] if self.facts.recipient else []
        self._check_what_is_left_out({name for name in wanted if name})
        wanted += self.facts.recipient.columns if self.facts.recipient else []
        missing = sorted({name for name in wanted if name and name not in names})
        if missing:
            raise ValueError(
                f"export {self.name}: customProperties name the column {missing[0]}, which is not declared"
            )


class ServiceLevel(_OpenModel):
    """One `slaProperties` entry; landing reads `frequency` (freshness) and `retention`."""

    property: str
    value: Any
    unit: str = "d"
    element: str | None = None


class ChannelFacts(_Model):
    """What ODCS has no field for, about a whole channel: what identity resolution must know of its evidence."""

    phone_region: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2}$",
        description="ISO 3166 region of phone numbers without a country code.",
    )
    residence: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2,8}$",
        description="Region in which the channel's data must stay, such as EU or CN: only a home of that region lands them.",
    )
    verified_identifiers: list[Literal["phone", "email", "national_id"]] = Field(
        default=[],
        description="Identifier types that the channel has verified (a code sent, a document seen).",
    )
    own_contacts: list[str] = Field(
        default=[],
        description="The channel's own phones and e-mails, which staff type where a customer gave none.",
    )


class ChannelContract(_OpenModel):
    """A channel's contract: all its exports."""

    api_version: Literal["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0"]
    kind: Literal["DataContract"]
    id: str
    name: Name
    version: str
    status: str
    exports: list[Export] = Field(validation_alias="schema", min_length=1)
    sla_properties: list[ServiceLevel] = []
    facts: Annotated[ChannelFacts, BeforeValidator(_fold)] = Field(
        default=ChannelFacts(), validation_alias="customProperties"
    )

    def export(self, name: str) -> Export:
        return next(export for export in self.exports if export.name == name)

    def freshness_days(self, export: str) -> float | None:
        """How old the newest file of an export may get, in days; None: not promised."""
        return self._service_level("frequency", export)

    def retention_days(self, export: str) -> float | None:
        """How long originals and quarantine are kept, in days; None: for ever."""
        return self._service_level("retention", export)

    def _service_level(self, name: str, export: str) -> float | None:
        days = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 30.0, "y": 365.0}
        for level in sorted(self.sla_properties, key=lambda each: each.element is None):
            if level.property == name and level.element in (None, export):
                return float(level.value) * days[level.unit[0].lower()]
        return None


def load_contract(path: Path) -> ChannelContract:
    """Read one contract. Raises ContractProblem that names the file, the place and what to do."""
    return _contract(path, path.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)  # a run asks for every contract several times; the same text is the same contract
def _contract(path: Path, text: str) -> ChannelContract:
    try:
        document = safe_yaml.load(text)
        contract = ChannelContract.model_validate(document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise ContractProblem(
            "a contract is no valid YAML", where, "correct its indentation or quoting"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = _explain_place(document, first["loc"])
        raise ContractProblem(
            f"a contract cannot be used: {first['msg']}", f"{path}, {place}", USE_OR_TAKE_AWAY
        ) from error
    if contract.name != path.stem:
        raise ContractProblem(
            f"a contract cannot be used: its name is {contract.name}",
            str(path),
            f"name the file {contract.name}.yaml",
        )
    return contract


def _explain_place(document: Any, location: tuple[int | str, ...]) -> str:
    """Turn pydantic's index path into names: `schema orders, property created_at, customProperties formats`."""
    words: list[str] = []
    here = document
    for step in location:
        if isinstance(step, int) and isinstance(here, list) and step < len(here):
            here = here[step]
            label = here.get("name") or here.get("property") if isinstance(here, dict) else None
            words[-1:] = [f"{words[-1] if words else 'item'} {label or step + 1}"]
        else:
            here = here.get(step) if isinstance(here, dict) else None
            words.append(str(step))
    return ", ".join(words) or "top level"


def contract_paths(*directories: Path) -> list[Path]:
    """The files of the contracts in force, in name order: of two with one name, that of the later folder."""
    paths = {path.stem: path for directory in directories for path in directory.glob("*.yaml")}
    return [paths[name] for name in sorted(paths)]


def load_contracts(*directories: Path) -> dict[str, ChannelContract]:
    """All contracts by channel name, in name order; of two with one name, that of the later folder is in force.

    Raises ContractProblem for the first bad one.
    """
    contracts = [load_contract(path) for path in contract_paths(*directories)]
    return {contract.name: contract for contract in contracts}

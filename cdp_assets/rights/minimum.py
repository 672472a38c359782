"""What is collected, and what reads it: every column of the contracts through dbt's lineage, the pages, the audiences and the code's own lists.

A mart is no reader: it is read by a page, an audience, a share, a query of the SQL page, or not at all. What nothing reads is proposed not to be
collected: contract lines that work as they stand. `lineage` says how one column is made of others.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cdp_assets import audit, opened
from cdp_assets.activation.library import load_library
from cdp_assets.landing.contract import ChannelContract, Export, load_contract, load_contracts
from cdp_assets.landing.files import replacing
from cdp_assets.landing.sources import export_of
from cdp_assets.rights.lineage import Lineage, Node, lineage, reached
from cdp_assets.rights.requests import RequestProblem
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

PACKAGE = Path(__file__).resolve().parent.parent
LINE = "- {property: collected, value: false}"
# Rooms whose Python reads tables of the build, and the schemas that they read.
READERS = {
    "identity": ("identity", "profile", "history"),
    "activation": ("contact", "marts"),
    "insight": ("journeys", "attribution"),
    "publishing": ("history", "segments", "scorecard"),
    "operations": ("marts",),
}
ALL = "*"  # among the words of a query: it asks for every column
EVERY_QUERY = 1_000_000  # entries of the audit log that are looked through


@dataclass
class Collected:
    """One column of a contract, and whatever reads it."""

    channel: str
    export: str
    column: str
    classification: str
    is_collected: bool
    used_by: set[str] = field(default_factory=set)
    marts: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    audiences: set[str] = field(default_factory=set)
    last_read: date | None = None  # by a person: a page was opened, a query asked

    @property
    def is_used(self) -> bool:
        return bool(self.used_by or self.pages or self.audiences)

    @property
    def is_built_upon(self) -> bool:
        """Whether every run reads it, beside what people open."""
        return bool(self.used_by - {"queries"} or self.audiences)


@dataclass(frozen=True)
class Readers:
    """Who asks marts for columns: name → words of what it asks. queries: by the day of the last one of each text. alive: models that any of them, or a room, stands upon."""

    audiences: dict[str, frozenset[str]]
    shares: dict[str, frozenset[str]]
    queries: dict[str, tuple[date, frozenset[str]]]
    opened: dict[str, date]
    alive: frozenset[str] = frozenset()


def survey(settings: Settings) -> list[Collected]:
    """Every column of every contract that a model's source stands for. Raises RequestProblem before the first build."""
    compiled = settings.dbt_target_dir / "compiled"
    if not compiled.is_dir():
        raise RequestProblem("nothing was built yet", str(compiled), "`onefold run` builds; then again")
    contracts = load_contracts(*settings.contract_dirs)
    manifest = json.loads((settings.dbt_target_dir / "manifest.json").read_text(encoding="utf-8"))
    sources = {name: (_export_of(node, contracts), node) for name, node in manifest["sources"].items()}
    columns: dict[str, Iterable[str]] = {
        name: [
            *(each.name for each in found[1].properties),
            *(f"_key_{key.name}" for key in found[1].facts.natural_keys),
        ]
        if found
        else node["columns"]
        for name, (found, node) in sources.items()
    }
    lines = lineage(manifest, compiled, columns)
    readers = _readers(settings, manifest)
    return [
        _collected(manifest, lines, readers, contract, export, name, column)
        for name, (found, _) in sorted(sources.items())
        if found
        for contract, export in [found]
        for column in [each.name for each in export.properties]
    ]


def _export_of(
    node: Mapping[str, Any], contracts: Mapping[str, ChannelContract]
) -> tuple[ChannelContract, Export] | None:
    meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
    export = export_of(contracts, meta)
    return (contracts[meta["channel"]], export) if export else None


def _collected(
    manifest: Mapping[str, Any],
    lines: Lineage,
    readers: Readers,
    contract: ChannelContract,
    export: Export,
    source: str,
    name: str,
) -> Collected:
    column = export.column(name)
    found = Collected(contract.name, export.name, name, column.classification, column.facts.collected)
    keys = [f"_key_{key.name}" for key in export.facts.natural_keys if name in (*key.columns, *key.fallback)]
    nodes = lines.reached_from([(source, each) for each in (name, *keys)])
    found.used_by |= {"landing"} if name in needed_by_landing(export) else set()
    deciding = {model for node in nodes for model in lines.deciders.get(node, ())}
    found.used_by |= {model.rpartition(".")[2] for model in deciding & readers.alive}
    found.used_by |= _rooms(manifest, nodes)
    marts = {(model.rpartition(".")[2], each) for model, each in nodes if _schema(manifest, model) == "marts"}
    found.marts = {f"{mart}.{each}" for mart, each in marts}
    _note_readers(found, readers, marts)
    return found


def _note_readers(found: Collected, readers: Readers, marts: set[tuple[str, str]]) -> None:
    """Who asks for one of these columns of marts, and on which day a person did last."""
    found.pages = {page for page, words in _pages().items() if _asks(words, marts)}
    found.audiences = {who for who, words in readers.audiences.items() if _asks(words, marts)}
    asked = [day for day, words in readers.queries.values() if _asks(words, marts)]
    shared = any(_asks(words, marts) for words in readers.shares.values())
    found.used_by |= {name for name, is_so in (("queries", asked), ("share", shared)) if is_so}
    days = [*asked, *(readers.opened[page] for page in found.pages if page in readers.opened)]
    found.last_read = max(days, default=None)


def _readers(settings: Settings, manifest: Mapping[str, Any]) -> Readers:
    readers = Readers(
        _audiences(settings),
        shares_in(settings.project_dir / "share"),
        _queries(settings),
        opened.days(settings),
    )
    asking = [
        *_pages().values(),
        *readers.audiences.values(),
        *readers.shares.values(),
        *(words for _, words in readers.queries.values()),
    ]
    named = frozenset().union(*asking)
    read = [
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        if (node["schema"] == "marts" and node["name"] in named) or _is_read_by_a_room(node)
    ]
    parents = {
        name: set(node.get("depends_on", {}).get("nodes", [])) for name, node in manifest["nodes"].items()
    }
    return replace(readers, alive=frozenset(reached(read, parents)))


def _is_read_by_a_room(node: Mapping[str, Any]) -> bool:
    return any(
        node["schema"] in schemas and node["name"] in _words_of(room) for room, schemas in READERS.items()
    )


def _asks(words: frozenset[str], marts: Iterable[tuple[str, str]]) -> bool:
    """Whether a text names a mart and a column of it, or all of them."""
    return any(mart in words and (column in words or ALL in words) for mart, column in marts)


def needed_by_landing(export: Export) -> set[str]:
    """Columns without which landing cannot do: they cannot be left out."""
    facts = export.facts
    named = {facts.fill_down_key, facts.fill_down_id, facts.version_column, facts.time_zone_column}
    keys = {name for key in facts.natural_keys for name in (*key.columns, *key.fallback)}
    recipient = {*facts.recipient.columns, facts.recipient.order} if facts.recipient else set()
    return (
        {each.name for each in export.properties if each.required or each.primary_key}
        | keys
        | {name for name in named if name}
        | (recipient & keys)
    )


def _schema(manifest: Mapping[str, Any], model: str) -> str | None:
    node = manifest["nodes"].get(model)
    return node["schema"] if node else None


def _rooms(manifest: Mapping[str, Any], reached: set[Node]) -> set[str]:
    """Rooms whose Python names both a table and a column that is made of it."""
    return {
        room
        for room, schemas in READERS.items()
        for model, column in reached
        if _schema(manifest, model) in schemas
        if column in _words_of(room) and model.rpartition(".")[2] in _words_of(room)
    }


def _words(paths: Iterable[Path]) -> frozenset[str]:
    return frozenset(
        word for path in paths for word in re.findall(r"[a-z_][a-z0-9_]*", path.read_text(encoding="utf-8"))
    )


@cache
def _words_of(folder: str) -> frozenset[str]:
    return _words(path for path in (PACKAGE / folder).rglob("*") if path.suffix in (".py", ".sql", ".yaml"))


@cache
def _pages() -> dict[str, frozenset[str]]:
    """Page → words of its queries."""
    files = [path for path in (PACKAGE / "web" / "queries").rglob("*") if path.suffix in (".py", ".sql")]
    pages = {path.stem for path in files} - {"__init__"}
    return {page: _words(path for path in files if path.stem == page) for page in pages}


def _audiences(settings: Settings) -> dict[str, frozenset[str]]:
    """Audience → words of its file, and of the SQL file beside it."""
    library = load_library(settings)
    return {
        name: _words(path for path in (source.path, source.path.with_suffix(".sql")) if path.exists())
        for name, source in library.sources.items()
    }


def shares_in(folder: Path) -> dict[str, frozenset[str]]:
    """Share → words of its file."""
    return {path.stem: _words([path]) for path in sorted(folder.glob("*.yaml"))}


def _queries(settings: Settings) -> dict[str, tuple[date, frozenset[str]]]:
    """Texts that people asked on the SQL page, by the log: the day when each was asked last, and its words."""
    if not (settings.home / "audit").is_dir():
        return {}
    found: dict[str, tuple[date, frozenset[str]]] = {}
    for entry in audit.read(settings, action="query", limit=EVERY_QUERY):  # newest first
        sql = str(entry.facts.get("sql", ""))
        words = re.findall(r"[a-z_][a-z0-9_]*", sql.lower())
        found.setdefault(
            sql, (date.fromisoformat(entry.at[:10]), frozenset([*words, *([ALL] if ALL in sql else [])]))
        )
    return found


def remember(settings: Settings, found: Sequence[Collected]) -> None:
    """Enter the survey in state, for the mart `ops_collected_columns`; the last one is replaced."""
    with connect_state(settings) as con:
        newest: date | None = con.execute(
            "select max(as_of_date) from generations where status = 'current'"
        ).fetchall()[0][0]
        con.begin()
        con.execute("delete from collected_columns")
        con.executemany(
            "insert into collected_columns values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
            [
                [
                    each.channel, each.export, each.column, each.classification, each.is_collected, each.is_used,
                    *(", ".join(sorted(names)) or None for names in (each.used_by, each.marts, each.pages, each.audiences)),
                    max(filter(None, (newest if each.is_built_upon else None, each.last_read)), default=None),
                ]
                for each in found
            ],
        )  # fmt: skip
        con.commit()


def unused(found: Iterable[Collected]) -> list[Collected]:
    """What is collected although nothing reads it, and no mart shows it to readers who are not known here."""
    return [each for each in found if each.is_collected and not each.is_used and not each.marts]


def published_only(found: Iterable[Collected]) -> list[Collected]:
    """What marts show although nothing that is known here reads it."""
    return [each for each in found if each.is_collected and not each.is_used and each.marts]


def propose(contract_text: str, leave_out: Iterable[Collected]) -> str:
    """A contract's text with the lines that stop collecting some columns; everything else stays as it is. Raises RequestProblem where it cannot find them."""
    lines = contract_text.split("\n")
    for each in leave_out:
        start, end, indent = _block_of(lines, each)
        at = next((n for n in range(start, end) if lines[n].strip() == "customProperties:"), None)
        added = (
            [f"{indent}  {LINE}"] if at is not None else [f"{indent}customProperties:", f"{indent}  {LINE}"]
        )
        place = at + 1 if at is not None else end
        lines[place:place] = added
    return "\n".join(lines)


def _block_of(lines: Sequence[str], each: Collected) -> tuple[int, int, str]:
    """First line of a column, the line after its last, and what its properties are indented by."""
    export = next(
        (n for n, line in enumerate(lines) if re.fullmatch(rf"  - name: {each.export}\s*", line)), None
    )
    ends = (
        len(lines)
        if export is None
        else next((n for n in range(export + 1, len(lines)) if re.match(r"  - |\S", lines[n])), len(lines))
    )
    start = (
        None
        if export is None
        else next(
            (
                n
                for n in range(export, ends)
                if re.fullmatch(rf" +- name: {each.column}\s*", lines[n]) and n > export
            ),
            None,
        )
    )
    if start is None:
        raise RequestProblem(
            f"the column {each.column} of {each.export} is not found as a line `- name: {each.column}`",
            f"the contract of {each.channel}", "add `customProperties: [{property: collected, value: false}]` to it by hand",
        )  # fmt: skip
    indent = " " * (len(lines[start]) - len(lines[start].lstrip()) + 2)
    end = start + 1
    while end < ends and (lines[end].startswith(indent) and lines[end].strip()):
        end += 1
    return start, end, indent


def write_proposal(
    settings: Settings, channel: str, leave_out: Sequence[Collected], target: Path
) -> ChannelContract:
    """Write a channel's contract without what nothing reads, and read it back: it must say exactly that. Raises RequestProblem."""
    source = settings.contract_path(channel)
    if target.exists():
        raise RequestProblem("the file is there already", str(target), "name a new one")
    proposed = propose(source.read_text(encoding="utf-8"), leave_out)
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / f"{channel}.yaml"
        tried.write_text(proposed, encoding="utf-8")
        made = load_contract(tried)
    left = {
        (export.name, column.name)
        for export in made.exports
        for column in export.properties
        if not column.facts.collected
    }
    if not {(each.export, each.column) for each in leave_out} <= left:
        raise RequestProblem(
            "the proposal does not say what it should", str(source), "edit the contract by hand"
        )
    with replacing(target) as temporary:
        temporary.write_text(proposed, encoding="utf-8")
    return made

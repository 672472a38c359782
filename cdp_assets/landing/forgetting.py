"""Landing without a person: the loads that hold her are parsed again from originals that are cut, under the suppressions that stand in state.

The same code that keeps her out of new files takes her out of old ones. What has no original any more is cut in its Parquet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.forgetting import UNREADABLE, Sought, Store
from cdp_assets.keys import load_key, register_pseudonym
from cdp_assets.landing import deliveries, ledger
from cdp_assets.landing.contract import ChannelContract, Export, load_contracts
from cdp_assets.landing.files import hash_file, original_path, replacing
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.load import ExportReport, parse_loads
from cdp_assets.landing.stored import landed_path, remember_stored
from cdp_assets.landing.suppression.matches import Suppressed, person_columns, row_tests
from cdp_assets.landing.typed.casts import sql_text, text_column
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state

STORES = (
    Store("originals, landed files, quarantine, the parser's work", ("landing/*",), "landing"),
    Store("the inbox itself", ("inbox/*",), "inbox"),
)


BY_NAME = "by a name or a short id only"


@dataclass
class Landed:
    """What was done to landing: loads parsed again, rows gone and rows blanked by export, originals that could not be parsed any more."""

    loads: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    blanked: dict[str, int] = field(default_factory=dict)
    dropped_originals: int = 0


@dataclass
class NotLanded:
    """Files that wait to land, or never will. holding: with rows of theirs, as (`inbox` or `held`, name below it, path, rows); unreadable: damaged ones.

    likely: files and how many of their rows name them by a name alone or a short id only, which may be a stranger's.
    """

    holding: list[tuple[str, str, Path, int]] = field(default_factory=list)
    likely: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    """Export → rows of theirs in its landed files and quarantine, and delivered files that never landed; nothing is changed."""
    people = Suppressed(*sought.hashes)
    found = holding_loads(settings, load_contracts(*settings.contract_dirs), people)
    landed = {
        f"landing/{channel}/{export}": sum(loads.values()) for (channel, export), loads in found.items()
    }
    waiting = not_landed(settings, sought)
    sure = {f"{place}/{name}": rows for place, name, _, rows in waiting.holding}
    likely = {f"{name} ({BY_NAME})": rows for name, rows in waiting.likely.items()}
    return landed | sure | likely


def holding_loads(
    settings: Settings, contracts: Mapping[str, ChannelContract], suppressed: Suppressed
) -> dict[tuple[str, str], dict[str, int]]:
    """Loads that hold rows of suppressed people, per (channel, export): load id → rows in its Parquet and quarantine."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    with scratch(settings.duckdb_limits) as con:
        suppress(con, settings, suppressed)
        for contract in contracts.values():
            for export in contract.exports:
                rows = _rows_by_load(con, settings, contract, export, suppressed)
                if rows:
                    found[contract.name, export.name] = rows
    return found


@dataclass(frozen=True)
class Delivered:
    """A value as it was delivered, in so many rows of an export; header: of its column in the file."""

    channel: str
    export: str
    header: str
    value: str
    rows: int


def delivered(
    settings: Settings,
    contracts: Mapping[str, ChannelContract],
    suppressed: Suppressed,
    held: Mapping[tuple[str, str], Iterable[str]],
) -> list[Delivered]:
    """What the landed files say of people, in the columns that say something of a person. Of a row that names a buyer and a recipient only what is of
    the one who is asked about; nothing of rows that only mention her, and nothing of columns about others. held: the loads that hold them, of
    `holding_loads`: no other is opened."""
    found: list[Delivered] = []
    with scratch(settings.duckdb_limits) as con:
        suppress(con, settings, suppressed)
        for contract in contracts.values():
            for export in contract.exports:
                landed = sorted(
                    (settings.landing_dir / contract.name / export.name).glob("[0-9a-f]*.parquet")
                )
                if landed and _open_parquet(con, landed, export, line="row_number() over ()"):
                    found += _delivered_of(con, contract, export, suppressed)
    return found


def _delivered_of(
    con: duckdb.DuckDBPyConnection, contract: ChannelContract, export: Export, suppressed: Suppressed
) -> Iterator[Delivered]:
    tests = row_tests(con, contract.name, export, [], contract.facts.phone_region, suppressed.kinds)
    recipients = set(export.facts.recipient.columns) if export.facts.recipient else set()
    con.execute(
        f"create or replace temp table told as select *, {tests.keeps_recipient} as keeps_recipient, {tests.keeps_buyer} as keeps_buyer "
        f"from sieved where ({tests.is_hers}) and not ({tests.quotes})"
    )
    for column in person_columns(export):
        if column.facts.about_other:
            continue
        value = identifier(text_column(column.name))
        stays = "keeps_recipient" if column.name in recipients else "keeps_buyer"
        for told, rows in con.execute(
            f"select {value}, count(*) from told where not {stays} and trim({value}) <> '' group by all order by all"
        ).fetchall():
            yield Delivered(contract.name, export.name, column.physical_name or column.name, told, rows)


def suppress(con: duckdb.DuckDBPyConnection, settings: Settings, suppressed: Suppressed) -> None:
    """Make the connection know whom to look for: `pseudonym` and table `suppressed`."""
    register_pseudonym(con, load_key(settings))
    con.execute(
        "create temp table suppressed as select unnest(?::varchar[]) as pseudonym", [suppressed.pseudonyms]
    )


def _rows_by_load(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    suppressed: Suppressed,
) -> dict[str, int]:
    counts: dict[str, int] = {}
    landed = sorted((settings.landing_dir / contract.name / export.name).glob("[0-9a-f]*.parquet"))
    if landed and _open_parquet(con, landed, export, line="row_number() over ()"):
        for load_id, count in _hits(con, contract, export, suppressed):
            counts[load_id] = counts.get(load_id, 0) + count
    if open_quarantine(con, settings, contract, export):
        for load_id, count in _hits(con, contract, export, suppressed):
            counts[load_id] = counts.get(load_id, 0) + count
    return counts


def open_quarantine(
    con: duckdb.DuckDBPyConnection, settings: Settings, contract: ChannelContract, export: Export
) -> bool:
    """Table `sieved` over the rows of an export in quarantine, of which nothing but the text is known; whether there are any."""
    paths = sorted((settings.quarantine_dir / contract.name / export.name).glob("[0-9a-f]*.parquet"))
    if not paths:
        return False
    texts = ", ".join(f"null::varchar as {identifier(text_column(each.name))}" for each in export.properties)
    keys = "".join(f", null::varchar as _key_{each.name}" for each in export.facts.natural_keys)
    con.execute(
        "create or replace temp table sieved as select load_id as _load_id, row_number() over () as _line, file_name as _file_name, line as _at, "
        f"column_name as _broken_column, original_text as _text_raw, null::varchar as _text_slipped, {texts}{keys} from read_parquet(?)",
        [[str(path) for path in paths]],
    )
    return True


def _open_parquet(
    con: duckdb.DuckDBPyConnection, paths: Sequence[Path], export: Export, *, line: str = "_line"
) -> bool:
    """Table `sieved` over landed files, its texts as landing's own; `line` numbers its rows, each once."""
    source = f"read_parquet([{', '.join(sql_text(str(path)) for path in paths)}], union_by_name = true, hive_partitioning = false)"
    there = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
    known = {column.name for column in export.properties}
    texts = ", ".join(
        f"{identifier(name)}::varchar as {identifier(text_column(name))}"
        if name in there
        else f"null::varchar as {identifier(text_column(name))}"
        for name in sorted(known)
    )
    keys = "".join(
        f", _key_{each.name}" for each in export.facts.natural_keys if f"_key_{each.name}" in there
    )
    extras = sorted(name for name in there - known if not name.startswith("_"))
    others = "".join(f", {identifier(name)}::varchar as {identifier(name)}" for name in extras)
    raw = (
        "concat_ws(' ', " + ", ".join(f"{identifier(name)}::varchar" for name in extras) + ")"
        if extras
        else "null::varchar"
    )
    con.execute(
        f"create or replace temp table sieved as select _load_id, {line} as _line, {texts}{keys}{others}, {raw} as _text_raw, null::varchar as _text_slipped from {source}"
    )
    return True


def _hits(
    con: duckdb.DuckDBPyConnection, contract: ChannelContract, export: Export, suppressed: Suppressed
) -> Iterator[tuple[str, int]]:
    tests = row_tests(con, contract.name, export, [], contract.facts.phone_region, suppressed.kinds)
    yield from con.execute(
        f"select _load_id, count(*) from sieved where {tests.is_hers} group by all order by all"
    ).fetchall()


def erase(
    settings: Settings,
    contracts: Mapping[str, ChannelContract],
    loads: Mapping[tuple[str, str], Sequence[str]],
    run_id: str,
) -> Landed:
    """Parse the given loads again under the suppressions in state, and every held one; originals that no load names go."""
    done = Landed()
    with connect_state(settings, read_only=True) as con:
        suppressed = ledger.suppressed_people(con)
    known = _loads(settings)
    for contract in contracts.values():
        for export in contract.exports:
            name = contract.name, export.name
            chosen, held = _touched(known.get(name, []), set(loads.get(name, ())))
            if chosen or held:
                _erase_export(settings, contract, export, chosen, held, suppressed, run_id, done)
    _remove_unknown_originals(settings, done)
    return done


def _touched(known: Sequence[tuple[Load, str]], load_ids: set[str]) -> tuple[list[Load], list[Load]]:
    """Of an export's loads those that are named, and those that wait for acceptance with an original."""
    return (
        [load for load, status in known if load.load_id in load_ids and status == "landed"],
        [load for load, status in known if status == "held" and load.file.path.exists()],
    )


def _erase_export(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    chosen: list[Load],
    held: list[Load],
    suppressed: Suppressed,
    run_id: str,
    done: Landed,
) -> None:
    name = f"{contract.name}.{export.name}"
    there = [load for load in chosen if load.file.path.exists()]
    before = _counts(settings, contract.name, export.name)
    parsed = _parse_again(settings, contract, export, there, suppressed, run_id)
    _parse_held(settings, contract, export, held, suppressed)
    for load in chosen:
        if load.load_id not in parsed:
            done.dropped_originals += _cut_alone(settings, contract, export, load, suppressed)
    after = _counts(settings, contract.name, export.name)
    done.loads += len(chosen)
    if after[0] > before[0]:
        done.removed[name] = after[0] - before[0]
    if after[1] > before[1]:
        done.blanked[name] = after[1] - before[1]


def _parse_again(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    loads: list[Load],
    suppressed: Suppressed,
    run_id: str,
) -> set[str]:
    """Parse loads from their originals, which are cut; returns the ids of those that could be parsed."""
    if not loads:
        return set()
    outcome = ExportReport(contract.name, export.name)
    results = parse_loads(settings, contract, export, loads, suppressed, outcome)
    _close(settings, contract, export, results, run_id)
    return {load.load_id for load, _ in results}


def _cut_alone(
    settings: Settings, contract: ChannelContract, export: Export, load: Load, suppressed: Suppressed
) -> bool:
    """Cut a landed file that cannot be parsed again, and remove what is left of its original; whether there was one."""
    had_original = load.file.path.exists()
    _cut_parquet(settings, contract, export, load, suppressed)
    load.file.path.unlink(missing_ok=True)
    quarantine = settings.quarantine_dir / contract.name / export.name / f"{load.load_id}.parquet"
    quarantine.unlink(missing_ok=True)
    return had_original


def _close(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    results: Sequence[tuple[Load, object]],
    run_id: str,
) -> None:
    with connect_state(settings) as con:
        con.begin()
        ledger.close_loads(con, results, contract.version, run_id)  # type: ignore[arg-type]
        remember_stored(con, settings, contract.name, export.name, [load.load_id for load, _ in results])
        deliveries.mark_current(con, contract.name, export)
        con.commit()


def _parse_held(
    settings: Settings, contract: ChannelContract, export: Export, held: list[Load], suppressed: Suppressed
) -> None:
    """Cut the originals of files that wait for acceptance; nothing of them lands."""
    if not held:
        return
    parse_loads(settings, contract, export, held, suppressed, ExportReport(contract.name, export.name))
    for load in held:
        landed_path(settings, contract.name, export.name, load.load_id).unlink(missing_ok=True)
        (settings.quarantine_dir / contract.name / export.name / f"{load.load_id}.parquet").unlink(
            missing_ok=True
        )


def _loads(settings: Settings) -> dict[tuple[str, str], list[tuple[Load, str]]]:
    """(channel, export) → its loads that landed or are held, with which of both."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select channel, export, delivered_sha256, file_name, size_bytes, period, part, status from loads "
            "where status in ('landed', 'held') order by channel, export, file_name, delivered_sha256"
        ).fetchall()
    found: dict[tuple[str, str], list[tuple[Load, str]]] = {}
    for channel, export, sha256, name, size, period, part, status in rows:
        original = original_path(settings.originals_dir, sha256)
        file = InboxFile(original, channel, export, name, size, 0, period, part)
        found.setdefault((channel, export), []).append((Load(file, sha256), status))
    return found


def _counts(settings: Settings, channel: str, export: str) -> tuple[int, int]:
    """Rows erased and anonymised so far."""
    with connect_state(settings, read_only=True) as con:
        ((erased, anonymised),) = con.execute(
            "select coalesce(sum(erased_rows), 0)::bigint, coalesce(sum(anonymised_rows), 0)::bigint from loads "
            "where channel = ? and export = ? and status = 'landed'",
            [channel, export],
        ).fetchall()
    return int(erased), int(anonymised)


def _cut_parquet(
    settings: Settings, contract: ChannelContract, export: Export, load: Load, suppressed: Suppressed
) -> None:
    """A landed file whose original is gone, or no longer lands: its rows go or are blanked in the Parquet itself."""
    path = landed_path(settings, contract.name, export.name, load.load_id)
    with scratch(settings.duckdb_limits) as con:
        suppress(con, settings, suppressed)
        _open_parquet(con, [path], export)
        tests = row_tests(con, contract.name, export, [], contract.facts.phone_region, suppressed.kinds)
        con.execute(
            f"create temp table hers as select _line, {tests.keeps_recipient} as keeps_recipient, {tests.keeps_buyer} as keeps_buyer, "
            f"{_names_where(tests.names_her)} as names_her, {tests.quotes} as is_quote from sieved where {tests.is_hers}"
        )
        con.execute(
            f"create temp table quoting as select _line, {_names_where(tests.quoting)} as names_her from sieved "
            "where _line in (select _line from hers where is_quote)"
        )
        con.execute("delete from hers where is_quote")
        quoted = _without_quotes(sorted(tests.quoting))
        con.execute("create temp table held (_line bigint, name varchar)")
        for each in suppressed.holds_of(contract.name, export.name):
            con.execute(
                "create or replace temp table suppressed as select unnest(?::varchar[]) as pseudonym",
                [list(each.pseudonyms)],
            )
            tests = row_tests(con, contract.name, export, [], contract.facts.phone_region, suppressed.kinds)
            con.execute(f"insert into held select _line, ? from sieved where {tests.is_hers}", [each.column])
        source = f"read_parquet({sql_text(str(path))}, hive_partitioning = false)"
        there = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
        select, where = _replaced(quoted, there), "where _line not in (select _line from hers)"
        if export.facts.on_erasure == "blank":
            select, where = _replaced(_either(_blanked(export, there, tests.names_her), quoted), there), ""
        with replacing(path) as temporary:
            con.execute(
                f"copy (select {select} from {source} {where}) to {sql_text(str(temporary))} (format parquet)"
            )
        lines = [row[0] for row in con.execute("select _line from hers order by 1").fetchall()]
        ((rows,),) = con.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()
    _enter_cut(settings, contract, export, load, lines if export.facts.on_erasure == "blank" else [], rows)


def _names_where(tests: Mapping[str, str]) -> str:
    """SQL list of the names whose test is true, with nulls for the others."""
    return f"[{', '.join(f'case when {test} then {sql_text(name)} end' for name, test in tests.items())}]::varchar[]"


def _without_quotes(columns: Sequence[str]) -> dict[str, str]:
    """Column → SQL of the rows of somebody else in which its text mentions her: of the row it is all that goes."""
    return {
        name: f"_line in (select _line from quoting where list_contains(names_her, {sql_text(name)}))"
        for name in columns
    }


def _either(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Column → SQL: one of two tests is true."""
    return {
        name: " or ".join(f"({each[name]})" for each in (one, other) if name in each)
        for name in one.keys() | other.keys()
    }


def _replaced(gone: Mapping[str, str], there: Collection[str]) -> str:
    """Select list of a file with cells blank where the test of their column is true."""
    cells = ", ".join(
        f"case when {test} then null else {identifier(name)} end as {identifier(name)}"
        for name, test in gone.items()
        if name in there
    )
    return f"* replace ({cells})" if cells else "*"


def _blanked(export: Export, there: Collection[str], others: Collection[str]) -> dict[str, str]:
    """Column → SQL of the rows that lose its cell, with the people of tables `hers` and `held`. others: columns of nobody that name her in some rows."""
    recipients = set(export.facts.recipient.columns) if export.facts.recipient else set()
    gone = {}
    extras = sorted(set(there) - {each.name for each in export.properties})
    for name in (
        *(each.name for each in person_columns(export)),
        *(f"_key_{each.name}" for each in export.facts.natural_keys),
        *(name for name in extras if not name.startswith("_")),
    ):
        stays = "keeps_recipient" if name in recipients else "keeps_buyer"
        gone[name] = (
            f"_line in (select _line from hers where not {stays}) "
            f"and _line not in (select _line from held where name = {sql_text(name)})"
        )
    for name in others:
        gone[name] = f"_line in (select _line from hers where list_contains(names_her, {sql_text(name)}))"
    return gone


def _enter_cut(
    settings: Settings, contract: ChannelContract, export: Export, load: Load, blanked: list[int], rows: int
) -> None:
    """The ledger's counts after a cut without an original: what is missing to the parsed rows was erased."""
    with connect_state(settings) as con:
        con.begin()
        con.execute(
            """
            update loads set
                blanked_lines = list_sort(list_distinct(coalesce(blanked_lines, []) || $blanked::bigint[])),
                anonymised_rows = len(list_distinct(coalesce(blanked_lines, []) || $blanked::bigint[])),
                landed_rows = $rows - len(list_distinct(coalesce(blanked_lines, []) || $blanked::bigint[])),
                quarantined_rows = 0,
                original_removed_at = coalesce(original_removed_at, now()::timestamp),
                erased_rows = parsed_rows - $rows - duplicate_rows
            where channel = $channel and export = $export and load_id = $load and status = 'landed'
            """,
            {
                "blanked": blanked,
                "rows": rows,
                "channel": contract.name,
                "export": export.name,
                "load": load.load_id,
            },
        )
        con.execute("delete from quarantine_summary where load_id = ?", [load.load_id])
        remember_stored(con, settings, contract.name, export.name, [load.load_id])
        con.commit()


def _remove_unknown_originals(settings: Settings, done: Landed) -> None:
    """Copies of files that never landed: they lie in the inbox, and are kept again when they land."""
    with connect_state(settings, read_only=True) as con:
        known = {row[0] for row in con.execute("select distinct delivered_sha256 from loads").fetchall()}
    for path in settings.originals_dir.glob("*/*") if settings.originals_dir.is_dir() else []:
        if path.is_file() and path.name not in known:
            path.unlink()
            done.dropped_originals += 1


def not_landed(settings: Settings, sought: Sought) -> NotLanded:
    """Look through files that wait to land, or never will.

    Nobody has parsed them, so that their rows are known by what is hers in any text; when one lands, landing keeps her out by all it knows.
    """
    found = NotLanded()
    for place, name, path in [*_held_originals(settings), *_unknown_in_inbox(settings)]:
        try:
            likely = sought.rows_likely(path)  # the sure ones among them: most files are read once
            rows = sought.rows_surely(path) if likely else 0
        except (OSError, *UNREADABLE):
            found.unreadable.append(f"{place}/{name}")
            continue
        if rows:
            found.holding.append((place, name, path, rows))
        if likely > rows:
            found.likely[f"{place}/{name}"] = likely - rows
    return found


def cut_not_landed(settings: Settings, sought: Sought) -> int:
    """Take their rows out of what waits in the inbox, where it is a plain text; how many files. Held originals are `erase`'s part."""
    there = [path for place, _, path, _ in not_landed(settings, sought).holding if place == "inbox"]
    return sum(1 for path in there if sought.cut_surely(path))


def _held_originals(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """Kept originals of files that wait to be accepted."""
    for (channel, _), loads in _loads(settings).items():
        for load, status in loads:
            if status == "held" and load.file.path.exists():
                yield "held", f"{channel}/{load.file.file_name}", load.file.path


def _unknown_in_inbox(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """Files of the inbox whose bytes no load knows: held ones, strays, and what came since. By a look where that tells, else by their hash."""
    with connect_state(settings, read_only=True) as con:
        looks = set(
            con.execute(
                "select channel || '/' || file_name, size_bytes, modified_ns, changed_ns, inode from inbox_seen "
                "where delivered_sha256 in (select delivered_sha256 from loads)"
            ).fetchall()
        )
        hashes = {
            each
            for row in con.execute(
                "select delivered_sha256, stored_sha256 from loads union all from cut_versions"
            ).fetchall()
            for each in row
        }
    for path in sorted(settings.inbox_dir.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name, seen = path.relative_to(settings.inbox_dir).as_posix(), path.stat()
        look = (name, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
        if look not in looks and hash_file(path) not in hashes:
            yield "inbox", name, path


def in_inbox(settings: Settings, loads: Mapping[tuple[str, str], Sequence[str]]) -> list[tuple[Path, str]]:
    """Files of the inbox that still hold what was cut out of their originals, as delivered or as an earlier erasure wrote them, with the delivered hash.

    A file of whose rows nothing was cut, since all that names her in them is on hold, is not among them.
    """
    found = []
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select channel, file_name, delivered_sha256, stored_sha256 from loads "
            "where (stored_sha256 <> delivered_sha256 or load_id in (select unnest(?::varchar[]))) "
            "and not (stored_sha256 = delivered_sha256 and original_removed_at is null and status = 'landed') order by all",
            [sorted({each for ids in loads.values() for each in ids})],
        ).fetchall()
        versions: dict[str, set[str]] = {}
        for delivered, stored in con.execute("from cut_versions").fetchall():
            versions.setdefault(delivered, set()).add(stored)
    for channel, file_name, delivered, stored in rows:
        path = settings.inbox_dir / channel / file_name
        if path.is_file() and hash_file(path) in {delivered, *versions.get(delivered, set()) - {stored}}:
            found.append((path, delivered))
    return found


def rewrite_inbox(settings: Settings, files: Sequence[tuple[Path, str]]) -> int:
    """Put the cut originals in the place of delivered files; landing knows them for the deliveries that they were."""
    count = 0
    for path, delivered in files:
        original = original_path(settings.originals_dir, delivered)
        if original.exists():
            with replacing(path) as temporary:
                temporary.write_bytes(original.read_bytes())
            count += 1
    return count

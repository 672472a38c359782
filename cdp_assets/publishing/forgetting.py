"""Published generations without a person: each is written again under a new name, and readers see the current one's the moment it is whole.

`g000012` becomes `g000012-r2`. State learns of all new names in one transaction, then the link flips; a kill between is repaired as any other.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from cdp_assets.engine import database
from cdp_assets.forgetting import Counted, Sought, Store
from cdp_assets.private_files import sync
from cdp_assets.publishing import recovery
from cdp_assets.publishing.copies import (
    MARTS_FILE,
    STORED_AS,
    PublishedTable,
    relations_of,
    write_parquet,
)
from cdp_assets.publishing.damage import remember_files
from cdp_assets.publishing.fingerprint import fingerprint
from cdp_assets.publishing.keeping import Keeping, Kept, hashes_of
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

WRITING = ".writing-"
STORES = (
    Store(
        "published generations: marts, contact file, Parquet, replaced histories",
        ("published/*",),
        "generations",
    ),
)


def next_revision(name: str) -> str:
    """g000012 → g000012-r2 → g000012-r3."""
    base, _, number = name.partition("-r")
    return f"{base}-r{int(number or 1) + 1}"


def standing(settings: Settings) -> list[str]:
    """Generations whose files are there, oldest first."""
    return sorted(path.name for path in settings.published_dir.glob("g[0-9]*") if path.is_dir())


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    """File of a generation → rows of theirs; nothing is changed."""
    return {
        f"published/{name}/{stored}": rows
        for name in standing(settings)
        for stored in STORED_AS.values()
        if (rows := sum(sought.rows_by_table(settings.published_dir / name / stored).values()))
    }


def holds(settings: Settings, name: str, sought: Sought) -> bool:
    """Whether one generation's files hold them."""
    return any(sought.is_in_database(settings.published_dir / name / stored) for stored in STORED_AS.values())


def erase(
    settings: Settings,
    sought: Sought,
    *,
    keep_older: bool = True,
    reached: Callable[[str], None] = lambda _: None,
) -> Counted:
    """Write every generation that holds her again, enter the new names into state, and flip. Without `keep_older` the older ones go."""
    counted, renamed = Counted(), {}
    known = recovery.statuses(settings)
    current = next((name for name, status in known.items() if status == "current"), None)
    holding = _holding(settings, known, sought)
    dropped = [] if keep_older else [name for name in holding if name != current]
    for name in holding:
        if name not in dropped:
            fresh = next_revision(name)
            renamed[name] = (fresh, _write(settings, name, fresh, sought, counted))
            reached(f"generations/{fresh} written")
    if holding:
        _enter(settings, renamed, dropped)
        reached("generations/state written")
    if current and standing(settings):
        recovery.show(settings, renamed[current][0] if current in renamed else current)
    _remove_unknown(settings)
    return counted


def _holding(settings: Settings, known: dict[str, str], sought: Sought) -> list[str]:
    """Generations of which state knows and that hold her."""
    names = [name for name in standing(settings) if known.get(name, "removed") != "removed"]
    return [name for name in names if holds(settings, name, sought)]


def _remove_unknown(settings: Settings) -> None:
    """Folders that state does not know any more, or never came to know."""
    known = recovery.statuses(settings)
    for name in standing(settings):
        if known.get(name, "removed") == "removed":
            shutil.rmtree(settings.published_dir / name)
    if settings.published_dir.is_dir():
        sync(settings.published_dir)


def _write(
    settings: Settings, name: str, fresh: str, sought: Sought, counted: Counted
) -> list[PublishedTable]:
    """One generation under its new name, whole or not at all."""
    old, temporary = settings.published_dir / name, settings.published_dir / f"{WRITING}{fresh}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700)
    try:
        written = _write_files(settings, name, temporary, sought, counted)
    except (OSError, duckdb.Error):  # a full disk is not made fuller by half a generation
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    temporary.chmod(old.stat().st_mode & 0o777)
    sync(temporary)
    target = settings.published_dir / fresh
    shutil.rmtree(target, ignore_errors=True)  # of a try that died before state knew it
    temporary.rename(target)
    sync(settings.published_dir)
    return written


def _write_files(
    settings: Settings, name: str, folder: Path, sought: Sought, counted: Counted
) -> list[PublishedTable]:
    old, known = settings.published_dir / name, _published(settings, name)
    is_current = recovery.statuses(settings).get(name) == "current"
    written: list[PublishedTable] = []
    for file_name, stored in STORED_AS.items():
        fresh = folder / stored
        found = sought.copy_database(old / stored, fresh, hides_small_cells=True, is_of_build=is_current)
        for kind in ("removed", "blanked", "hidden"):
            rows = {f"{name}/{table}": count for table, count in getattr(found, kind).items()}
            getattr(counted, kind).update(rows)
        fresh.chmod((old / stored).stat().st_mode & 0o777)
        sync(fresh)
        (folder / file_name).symlink_to(stored)
        schema = Path(file_name).stem
        same = {each for each in known if each[0] == file_name and f"{schema}.{each[1]}" not in found.tables}
        written += _fingerprints(fresh, file_name, {each[1]: known[each] for each in same})
    marts = [each for each in written if each.file_name == MARTS_FILE]
    mode = (old / STORED_AS[MARTS_FILE]).stat().st_mode & 0o777
    write_parquet(folder, marts, mode, _untouched(settings, name, marts, counted))
    _write_replaced(old / "replaced", folder / "replaced", sought)
    return written


def _published(settings: Settings, name: str) -> dict[tuple[str, str], PublishedTable]:
    """(file, table) → the table as the generation was published, of one whose tables are known."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select file_name, table_name, row_count, fingerprint from generation_tables where generation = ?",
            [name],
        ).fetchall()
    return {
        (file_name, table): PublishedTable(file_name, table, rows, found)
        for file_name, table, rows, found in rows
    }


def _fingerprints(path: Path, file_name: str, same: Mapping[str, PublishedTable]) -> list[PublishedTable]:
    """Tables of a file that was written again. `same`: those of which no row was touched keep the fingerprint that they were published with."""
    schema = Path(file_name).stem
    with database(path, read_only=True) as con:
        names = relations_of(con, path.stem, schema)
        return [
            same.get(name) or PublishedTable(file_name, name, *fingerprint(con, path.stem, schema, name))
            for name in names
        ]


def _untouched(settings: Settings, name: str, written: Sequence[PublishedTable], counted: Counted) -> Keeping:
    """The marts without a row of hers, to be kept from the generation's own folder."""
    same = {
        each.table_name: Kept(each.row_count, each.fingerprint)
        for each in written
        if f"{name}/marts.{each.table_name}" not in counted.tables
    }
    with connect_state(settings, read_only=True) as con:
        return Keeping(tables=same, folder=settings.published_dir / name, hashes=hashes_of(con, name))


def _write_replaced(old: Path, fresh: Path, sought: Sought) -> None:
    """Rows of histories that the generation replaced, for a rollback to put back."""
    if not old.is_dir():
        return
    fresh.mkdir(mode=0o700)
    for path in sorted(old.glob("*.parquet")):
        sought.copy_parquet(path, fresh / path.name)
        (fresh / path.name).chmod(0o400)


def _enter(
    settings: Settings, renamed: dict[str, tuple[str, list[PublishedTable]]], dropped: list[str]
) -> None:
    with connect_state(settings) as con:
        con.begin()
        for name, (fresh, written) in renamed.items():
            con.execute("update generations set generation = ? where generation = ?", [fresh, name])
            con.execute("update identity_generations set generation = ? where generation = ?", [fresh, name])
            con.execute("delete from generation_tables where generation = ?", [name])
            con.execute("delete from generation_files where generation = ?", [name])
            remember_files(con, settings, fresh)
            con.executemany(
                "insert into generation_tables (generation, file_name, table_name, row_count, fingerprint) values (?, ?, ?, ?, ?)",
                [
                    [fresh, each.file_name, each.table_name, each.row_count, each.fingerprint]
                    for each in written
                ],
            )
        con.execute(
            "update generations set status = 'removed' where generation in (select unnest(?::varchar[]))",
            [dropped],
        )
        con.commit()

"""Published files that are no longer what was published: readers get the generation before, and people are told.

Every file of a generation has its hash in state (`generation_files`). The current generation is hashed at each start of a run, the others
in turn (`landing/turns.py`). A damaged generation keeps its identities in state, so the run that replaces it gives the same ids; only what
readers open goes back. Whoever rewrites a published file calls `remember_files`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from cdp_assets.landing.files import hash_file
from cdp_assets.landing.turns import is_in_turn, turn_of
from cdp_assets.publishing.generations import current_generation
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

NOTICE = "damaged"  # HOME/published/damaged: names the damaged generation for as long as readers see an earlier one


def remember_files(con: duckdb.DuckDBPyConnection, settings: Settings, generation: str) -> None:
    """Enter size and hash of every file of a generation, in place of those that stand there."""
    folder = settings.published_dir / generation
    con.execute("delete from generation_files where generation = ?", [generation])
    rows = [
        [generation, str(path.relative_to(folder)), path.stat().st_size, hash_file(path)]
        for path in _files(folder)
    ]
    if rows:
        con.executemany("insert into generation_files values (?, ?, ?, ?)", rows)


def damaged_files(settings: Settings, generation: str, turn: int | None = None) -> list[str]:
    """Files of a generation that are missing or not what was published; with a turn, among those of that turn only.

    None where the generation was published before hashes were kept.
    """
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select file_name, size_bytes, sha256 from generation_files where generation = ? order by file_name",
            [generation],
        ).fetchall()
    folder = settings.published_dir / generation
    return [
        name
        for name, size, sha256 in rows
        if (turn is None or is_in_turn(sha256, turn)) and not _is_whole(folder / name, size, sha256)
    ]


def verify_files(settings: Settings) -> list[str]:
    """Files of the generations on disk that are not what was published, in words."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select generation from generations where status <> 'removed' order by 1"
        ).fetchall()
    return [
        f"{name}/{file} is not what was published"
        for (name,) in rows
        for file in damaged_files(settings, name)
    ]


def fall_back(settings: Settings) -> list[str]:
    """Look at the current generation whole and at the others in turn; where one is damaged readers see the newest whole one before it.

    Returns what was found and done, in words, which state keeps until an alert has told of it (`damage_found`). With no whole generation
    before it, the damaged one stays what readers see: DuckDB refuses blocks that are damaged, the rest can be read.
    """
    with connect_state(settings, read_only=True) as con:
        statuses = dict(con.execute("select generation, status from generations").fetchall())
        turn = turn_of(con)
    said = []
    for name in sorted(statuses, reverse=True):
        if statuses[name] == "superseded" and (found := damaged_files(settings, name, turn)):
            said.append(
                _set_status(
                    settings, name, f"generation {name} is damaged ({_named(found)}): nobody goes back to it"
                )
            )
            statuses[name] = "damaged"
    current = next((name for name, status in statuses.items() if status == "current"), None)
    found = damaged_files(settings, current) if current else []
    if current and found:
        said += _replace_current(settings, current, found, statuses)
    return said


def is_shown_earlier(settings: Settings) -> str | None:
    """The damaged generation in whose place readers see an earlier one, or None."""
    notice, shown = settings.published_dir / NOTICE, current_generation(settings)
    if shown is None or not notice.exists():
        return None
    damaged = notice.read_text(encoding="utf-8").strip()
    return damaged if damaged > shown else None


def tell_of_damage(settings: Settings, run_id: str) -> list[str]:
    """What was found since a run last told of it; that this run tells of it is written down."""
    with connect_state(settings) as con:
        con.execute("update damage_found set told_in_run = ? where told_in_run is null", [run_id])
        rows = con.execute(
            "select detail from damage_found where told_in_run = ? order by found_at", [run_id]
        ).fetchall()
    return [row[0] for row in rows]


def _replace_current(
    settings: Settings, current: str, found: list[str], statuses: dict[str, str]
) -> list[str]:
    whole = next(
        (
            name
            for name in sorted(statuses, reverse=True)
            if statuses[name] == "superseded"
            and (settings.published_dir / name).is_dir()
            and not damaged_files(settings, name)
        ),
        None,
    )
    if whole is None:
        detail = (
            f"generation {current} is damaged on the disk ({_named(found)}), and there is no whole one before it: readers see what can be "
            "read of it until a run publishes"
        )
        return [] if _is_known(settings, detail) else [_record(settings, detail)]
    detail = (
        f"generation {current} is damaged on the disk ({_named(found)}): readers see {whole} until a run publishes another; look at the "
        "disk, then `onefold doctor --deep`"
    )
    (settings.published_dir / NOTICE).write_text(f"{current}\n", encoding="utf-8")
    return [_set_status(settings, current, detail, shown=whole)]


def _set_status(settings: Settings, damaged: str, detail: str, shown: str | None = None) -> str:
    with connect_state(settings) as con:
        con.begin()
        con.execute(
            "update generations set status = 'damaged', note = 'damaged on the disk' where generation = ?",
            [damaged],
        )
        if shown:
            con.execute("update generations set status = 'current' where generation = ?", [shown])
        con.execute("insert into damage_found values ('generation', ?, now()::timestamp, null)", [detail])
        con.commit()
    return detail


def _record(settings: Settings, detail: str) -> str:
    with connect_state(settings) as con:
        con.execute("insert into damage_found values ('generation', ?, now()::timestamp, null)", [detail])
    return detail


def _is_known(settings: Settings, detail: str) -> bool:
    with connect_state(settings, read_only=True) as con:
        return bool(con.execute("select 1 from damage_found where detail = ?", [detail]).fetchall())


def _is_whole(path: Path, size: int, sha256: str) -> bool:
    return path.is_file() and path.stat().st_size == size and hash_file(path) == sha256


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _named(files: list[str]) -> str:
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"

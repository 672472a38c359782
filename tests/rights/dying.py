"""A process that starts again and again, and dies each time before the first change of a file that it has not died at yet: a rename, a removal, a link.

Run by `test_kills` as a program of its own: a fork of pytest would inherit its threads' locks.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.home import prepare_home
from cdp_assets.rights import carrying, people
from cdp_assets.settings import PROJECT_DIR, Settings

DEADLY = {"os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink"}
DIED, MOST = 9, 500
FRAMES = 4  # so many callers tell one change from another


def main(home: str, inbox: str, key: str, died: str) -> None:
    """died: a file of what it died at before, to which this adds."""
    settings = Settings(home=Path(home), inbox=Path(inbox), key=key)
    seen = set(Path(died).read_text().splitlines())
    for _ in range(MOST):
        died_at = _in_a_child(
            lambda: _start(settings), lambda writer: sys.addaudithook(_deadly(settings, seen, writer))
        )
        if died_at is None:
            return
        seen.add(died_at)
        Path(died).write_text("\n".join(sorted(seen)))
        _in_a_child(lambda: _read(settings))
    raise AssertionError("it never ended")


def _start(settings: Settings) -> None:
    """What a start does: end what was begun, else begin."""
    prepare_home(settings)
    if chosen := people.due_requests(settings):
        carried = carrying.carry_out(settings, chosen, carrying.How("officer", rewrites_inbox=True))
        assert not carried.problems, carried.problems


def _read(settings: Settings) -> None:
    """What readers see at any time: a generation that is whole."""
    current = settings.published_dir / "current"
    for name in ("marts", "contact"):
        with duckdb.connect(str(current / f"{name}.duckdb"), read_only=True) as con:
            tables = con.execute(
                "select schema_name, table_name from duckdb_tables() where not internal"
            ).fetchall()
            assert tables, f"{name} is empty"
            for schema, table in tables:
                con.execute(f'select * from "{schema}"."{table}"').fetchall()
    assert list((current / "parquet").glob("*.parquet"))


def _deadly(settings: Settings, seen: set[str], writer: int) -> Callable[[str, tuple[Any, ...]], None]:
    roots = (str(settings.home), str(settings.inbox_dir))

    def hook(event: str, what: tuple[Any, ...]) -> None:
        path = os.fspath(what[0]) if event in DEADLY else ""
        if not path or (Path(path).is_absolute() and not path.startswith(roots)):
            return
        place = f"{event} {_place()}"
        if place not in seen:
            os.write(writer, place.encode())
            os._exit(DIED)

    return hook


def _place() -> str:
    """The nearest lines of the package that lead here."""
    package = f"{PROJECT_DIR}/cdp_assets/"
    found: list[str] = []
    frame = sys._getframe(2)
    while frame and len(found) < FRAMES:
        if frame.f_code.co_filename.startswith(package):
            found.append(f"{frame.f_code.co_filename.removeprefix(package)}:{frame.f_lineno}")
        frame = frame.f_back  # type: ignore[assignment]
    return " < ".join(found)


def _in_a_child(work: Callable[[], None], prepare: Callable[[int], None] = lambda _: None) -> str | None:
    """Do something in a fork; None where it ended well, else what it died at. One that failed fails this process."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        prepare(writer)
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        died_at = said.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, DIED), "a start failed, or readers saw no whole generation"
    return died_at if code == DIED else None


if __name__ == "__main__":
    main(*sys.argv[1:])

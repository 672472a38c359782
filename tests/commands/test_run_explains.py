"""Whatever Dagster's store, SQLite or the disk raises outside a step: not published, why, what to do, exit 1."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.commands import run as command
from cdp_assets.commands.saying import plain_console

SQL = "[SQL: INSERT INTO event_logs VALUES (?)] [parameters: ('ann@example.com')]"


def _raising(error: Exception) -> Any:
    def work(*_: object, **__: object) -> None:
        raise error

    return work


@pytest.mark.parametrize("where", ["prepare_home", "_job", "_execute", "_report"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (sqlite3.OperationalError(f"database or disk is full {SQL}"), "cannot be written or read"),
        (OSError(28, "No space left on device", "/x/[/y]"), "No space left on device"),
    ],
)
def test_what_the_store_or_the_disk_raises_is_explained_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception, said: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(command, "_execute", lambda *_: None)
    monkeypatch.setattr(command, "_job", lambda *_: None)
    monkeypatch.setattr(command, where, _raising(error))
    monkeypatch.setattr(command, "alert", lambda _, notice: told.append(notice.text) or [])
    monkeypatch.setattr(command, "export_settings", lambda _: None)
    out = io.StringIO()
    code = command.run_nightly(
        home=tmp_path / "home", inbox=tmp_path, console=plain_console(file=out, width=500)
    )
    text = out.getvalue()
    assert code == 1
    assert said in text
    assert "onefold doctor" in text
    assert "ann@" not in text + str(told)
    assert "INSERT" not in text + str(told)
    assert len(told) == 1

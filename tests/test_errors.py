"""Errors: what a library says may quote a customer's data, so it is left out."""

from __future__ import annotations

import errno
import sqlite3

import duckdb
import pytest

from cdp_assets.errors import StepFailed, made_safe, safe_text
from cdp_assets.state import StateProblem


def test_a_library_error_keeps_its_kind_and_loses_its_text() -> None:
    with pytest.raises(duckdb.ConversionException) as caught:
        duckdb.sql("select 'secret@example.com'::integer").fetchall()
    safe = made_safe(caught.value)
    assert isinstance(safe, StepFailed)
    assert "secret" not in str(safe)
    assert "ConversionException" in str(safe)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/x/rosa@example.com"),
        duckdb.IOException('Could not write file "/x/rosa@example.com": No space left on device'),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_a_full_disk_is_said_in_words(error: Exception) -> None:
    said = safe_text(error)
    assert said.startswith("the disk is full") and "free space" in said and "rosa" not in said
    assert "disk is full" not in safe_text(ValueError("x"))


def test_our_own_errors_pass_whole() -> None:
    assert safe_text(StateProblem("restore a backup")) == "restore a backup"

"""Law 8: what the project says, both engines take, and take alike. No database is asked: the SQL is compiled and parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialects import TARGETS, Piece, objections, pieces, unportable

from cdp_assets.settings import Settings
from tests.sql_files import PACKAGE, SQL_FILES, header, rendered


@pytest.mark.integration
@pytest.mark.parametrize("dialect", TARGETS)
def test_every_model_test_and_fixture_is_in_both_dialects(dialect: str, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, key="test-key-of-at-least-thirty-two-bytes", business_time_zone="America/New_York"
    )
    found = list(pieces(settings, TARGETS[dialect]))
    assert len(found) > 300
    assert [each for piece in found for each in objections(piece, dialect)] == []


@pytest.mark.parametrize(
    ("sql", "objection"),
    [
        ("select cast(a as varchar) from t", "type varchar"),
        ("select a::text as b from t", "type text"),
        ("select a at time zone 'UTC' from t", "at time"),
        ("select a, from t", "a comma before from"),
        ("select date_diff('day', a, b) from t", "date_diff()"),
        ("select max(struct_pack(a := 1)) from t", "struct_pack()"),
        ("select string_agg(a, ',' order by b) from t", "string_agg()"),
        ("select * from generate_series(1, 3)", "generate_series()"),
        ("select first_value(a ignore nulls) over (order by b) from t", "nulls passed over within the call"),
        ("select unnest(['a', 'b']) as a", "a list in brackets"),
        ("select regexp_replace(a, '(x)', '\\1') from t", "a backslash in a text"),
        ("select * exclude (a) from t", "* exclude"),
        ("select arg_min(a, b) from t", "arg_min()"),
        ("select {'a': 1} as a from t", "Invalid expression"),
        ("select sum(a) over w - a as b from t window w as (order by c)", "a minus behind a window's name"),
        (
            "select a from t group by a qualify row_number() over (order by min(b)) = 1",
            "an aggregate in a window of qualify",
        ),
    ],
)
def test_what_spark_would_not_take_is_found(sql: str, objection: str) -> None:
    assert objection in "; ".join(objections(Piece("one", sql), "spark"))


def test_what_both_engines_read_alike_passes() -> None:
    sql = "select cast(a as string) as a, max_by(b, c) as b from t group by a qualify rank() over (order by a) = 1"
    assert objections(Piece("one", sql), "spark") == objections(Piece("one", sql), "duckdb") == []


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_sql_that_python_runs_names_its_unportable_words(path: Path) -> None:
    """These run on the machine's own DuckDB; their heads say what would have to be written anew elsewhere, and a new word is written there first.

    The simulator never leaves DuckDB: its statements only have to be DuckDB's.
    """
    words = unportable(rendered(path))
    is_simulator = path.is_relative_to(PACKAGE / "demo")
    assert header(path).get("unportable", []) == ([] if is_simulator else words)

"""State goes to Parquet and comes back equal, and half of it is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.publishing.fingerprint import fingerprint
from cdp_assets.settings import Settings
from cdp_assets.spark import exchange
from cdp_assets.spark.exchange import ExchangeProblem
from cdp_assets.spark.session import open_session
from cdp_assets.state import connect_state
from tests.dbt.spark_parity import on_sail
from tests.spark.cluster import missing

KEY = b"test-key-of-at-least-thirty-two-bytes"


@pytest.fixture
def filled(settings: Settings) -> Settings:
    with connect_state(settings) as con:
        con.execute(
            "insert into suppressions values ('email', 'a1b2', timestamp '2020-02-29 23:59:59.123456')"
        )
        con.execute("insert into suppressions values ('record', 'c3', null)")
        con.execute(
            "insert into home_events values ('started_over', 'words with ''quotes'' 张三', 'x', timestamp '1999-12-31 00:00:00')"
        )
    return settings


def contents(path: Path) -> dict[str, tuple[int, str]]:
    with duckdb.connect(str(path), read_only=True) as con:
        names = [row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: fingerprint(con, path.stem, "main", name) for name in names}


def another_home(settings: Settings, tmp_path: Path) -> Settings:
    home = tmp_path / "another"
    home.mkdir(mode=0o700)
    return settings.model_copy(update={"home": home})


def test_state_comes_back_equal(filled: Settings, tmp_path: Path) -> None:
    exported = exchange.export_state(filled, tmp_path / "exported")
    other = another_home(filled, tmp_path)
    assert exchange.import_state(other, tmp_path / "exported") == exported
    assert contents(other.state_path) == contents(filled.state_path)
    assert {table.name: table.rows for table in exported}["suppressions"] == 2


@contextmanager
def spark(key: bytes) -> Iterator[Any]:
    session = open_session("local[1]", key)
    try:
        yield session
    finally:
        session.stop()


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param(
            on_sail,
            marks=[
                pytest.mark.integration,
                pytest.mark.skipif(find_spec("pysail") is None, reason="skipped: Sail is not installed here"),
            ],
        ),
        pytest.param(
            spark,
            marks=[pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))],
        ),
    ],
)
def test_state_that_spark_read_and_wrote_comes_back_equal(
    engine: Any, filled: Settings, tmp_path: Path
) -> None:
    """Each exported table is read by the other engine and written by it, as a folder of part files; the list is the same."""
    exported = exchange.export_state(filled, tmp_path / "exported")
    with engine(KEY) as session:
        for table in exported:
            rows = session.read.parquet(str(tmp_path / "exported" / table.file))
            assert rows.count() == table.rows
            rows.write.parquet(str(tmp_path / "rewritten" / table.file))
            (tmp_path / "rewritten" / table.file).mkdir(
                parents=True, exist_ok=True
            )  # Sail writes nothing of no rows
    shutil.copy(tmp_path / "exported" / exchange.LIST, tmp_path / "rewritten")
    other = another_home(filled, tmp_path)
    exchange.import_state(other, tmp_path / "rewritten")
    assert contents(other.state_path) == contents(filled.state_path)


def test_a_folder_of_a_table_without_its_parts_is_refused(filled: Settings, tmp_path: Path) -> None:
    exchange.export_state(filled, tmp_path / "exported")
    file = tmp_path / "exported" / "main" / "suppressions.parquet"
    file.unlink()
    file.mkdir()
    other = another_home(filled, tmp_path)
    with pytest.raises(ExchangeProblem, match=r"suppressions.parquet"):
        exchange.import_state(other, tmp_path / "exported")


def test_every_time_is_an_instant_in_parquet(filled: Settings, tmp_path: Path) -> None:
    exchange.export_state(filled, tmp_path / "exported")
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        file = tmp_path / "exported" / "main" / "suppressions.parquet"
        kinds = {row[1] for row in con.execute(f"describe select * from '{file}'").fetchall()}
    assert "TIMESTAMP WITH TIME ZONE" in kinds and "TIMESTAMP" not in kinds


def test_an_export_without_its_list_is_refused(filled: Settings, tmp_path: Path) -> None:
    exchange.export_state(filled, tmp_path / "exported")
    (tmp_path / "exported" / exchange.LIST).unlink()
    other = another_home(filled, tmp_path)
    with pytest.raises(ExchangeProblem, match="did not come to its end"):
        exchange.import_state(other, tmp_path / "exported")
    assert not other.state_path.exists()


def test_an_export_without_a_file_is_refused(filled: Settings, tmp_path: Path) -> None:
    exchange.export_state(filled, tmp_path / "exported")
    (tmp_path / "exported" / "main" / "rulings.parquet").unlink()
    other = another_home(filled, tmp_path)
    with pytest.raises(ExchangeProblem, match=r"rulings.parquet"):
        exchange.import_state(other, tmp_path / "exported")
    assert not other.state_path.exists() and not any(other.home.iterdir())


def test_rows_that_are_not_those_exported_are_refused(filled: Settings, tmp_path: Path) -> None:
    exchange.export_state(filled, tmp_path / "exported")
    file = tmp_path / "exported" / "main" / "suppressions.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy (select * from '{file}' limit 1) to '{file}.new' (format parquet)")
    Path(f"{file}.new").rename(file)
    other = another_home(filled, tmp_path)
    with pytest.raises(ExchangeProblem, match="not those that were exported"):
        exchange.import_state(other, tmp_path / "exported")
    assert not other.state_path.exists()


def test_a_state_that_is_there_is_not_overwritten(filled: Settings, tmp_path: Path) -> None:
    exchange.export_state(filled, tmp_path / "exported")
    with pytest.raises(ExchangeProblem, match="has a state already"):
        exchange.import_state(filled, tmp_path / "exported")
    with pytest.raises(ExchangeProblem, match="there already"):
        exchange.export_state(filled, tmp_path / "exported")

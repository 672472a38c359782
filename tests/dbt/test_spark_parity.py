"""Parity: Spark gives DuckDB's rows of every mart. Sail stands for Spark here: no test asks Spark itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from small_retailer import SmallRetailer
from spark_parity import compare, give_inputs, models, on_sail

from tests.same_rows import differences

KEY = b"test-key-of-at-least-thirty-two-bytes"
pytestmark = pytest.mark.integration


def test_every_mart_is_the_same_on_sail(retailer: SmallRetailer, tmp_path: Path) -> None:
    marts = models(retailer.settings, retailer.as_of_date, {"marts"})
    with on_sail(KEY) as session:
        give_inputs(session, retailer.settings, marts, tmp_path)
        found = compare(session, retailer.settings, marts, is_sail=True)
    assert len(found.rows) > 60
    assert found.different == {}


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ([(1, "a", 0.3), (2, "b", None)], ""),
        ([(2, "b", None), (1, "a", 0.1 + 0.2)], ""),
        ([(1, "a", 0.3000001), (2, "b", None)], "1 of 2 rows differ"),
        ([(1, "a", 0.3), (2, None, None)], "1 of 2 rows differ"),
        ([(1, "a", 0.3)], "1 of 1 rows differ"),
        ([(1, "a", 0.3), (2, "b", None), (2, "b", None)], "1 of 3 rows differ"),
    ],
)
def test_a_difference_is_found(theirs: list[tuple[Any, ...]], expected: str) -> None:
    with duckdb.connect() as con:
        con.execute(
            "create table ours as select * from (values (1, 'a', 0.3::double), (2, 'b', null)) as v (n, t, d)"
        )
        columns = list(zip(*theirs, strict=True))
        got = pa.table(
            {
                "n": pa.array(columns[0], pa.int32()),
                "t": pa.array(columns[1], pa.string()),
                "d": pa.array(columns[2], pa.float64()),
            }
        )
        assert differences(con, "ours", got) == expected
        assert differences(con, "ours", got.rename_columns(["n", "t", "x"])) == "columns ['d', 'x']"

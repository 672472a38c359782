"""A session means what the project means, or says why not."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest

from cdp_assets.keys import pseudonym, record_key
from cdp_assets.spark.session import SparkProblem, as_meant, open_session

KEY = b"test-key-of-at-least-thirty-two-bytes"


class Session:
    """What `as_meant` asks of a session; a cluster may insist on settings of its own."""

    def __init__(self, **fixed: str) -> None:
        self.fixed = {name.replace("__", "."): value for name, value in fixed.items()}
        self.settings: dict[str, str] = {}
        self.functions: dict[str, Any] = {}
        self.conf = self.udf = self

    def set(self, name: str, value: str) -> None:
        self.settings[name] = value

    def get(self, name: str) -> str:
        return self.fixed.get(name, self.settings[name])

    def register(self, name: str, function: Any, _kind: str) -> None:
        self.functions[name] = function


def test_pseudonyms_are_those_of_the_home() -> None:
    given = as_meant(Session(), KEY).functions["pseudonym"]
    assert given("record\x1fshopify\x1f7") == record_key(KEY, "shopify", "7")
    assert given("contact") == pseudonym(KEY, "contact")
    assert given(None) is None


@pytest.mark.parametrize(
    "fixed",
    [
        {"spark__sql__session__timeZone": "Asia/Shanghai"},
        {"spark__sql__parquet__inferTimestampNTZ__enabled": "true"},
        {"spark__sql__ansi__enabled": "false"},
    ],
)
def test_a_cluster_that_reads_times_or_casts_otherwise_is_refused(fixed: dict[str, str]) -> None:
    with pytest.raises(SparkProblem, match="is not"):
        as_meant(Session(**fixed), KEY)


def test_an_address_where_spark_does_not_start_is_named() -> None:
    try:
        version("pyspark")
        pytest.skip("skipped: Spark itself is installed, and would start")
    except PackageNotFoundError:
        with pytest.raises(SparkProblem, match="Spark did not start") as raised:
            open_session("local[1]", KEY)
        assert "local[1]" in str(raised.value) and "Java" in str(raised.value)

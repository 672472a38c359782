"""What a night on Spark lacks is said before anything is simulated, landed or built, with the command that mends it."""

from __future__ import annotations

import io
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cdp_assets.commands import demo, run
from cdp_assets.commands.run import EXIT_NOT_PUBLISHED
from cdp_assets.operations.doctor import examine
from cdp_assets.settings import Settings
from cdp_assets.spark import readiness
from cdp_assets.spark.session import SparkProblem


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that has everything, whatever is installed here."""
    monkeypatch.setattr(readiness, "find_spec", lambda name: name)
    monkeypatch.setattr(readiness, "is_connect_only", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: name)


@pytest.fixture
def listener() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield f"127.0.0.1:{found.getsockname()[1]}"


def on(address: str) -> Settings:
    return Settings(engine="spark", spark_address=address)


def test_nothing_is_asked_of_a_home_on_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "find_spec", lambda name: None)
    readiness.require_spark(Settings(spark_address="spark://nobody.invalid:1"))


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ({"find_spec": lambda name: None}, ("pyspark is not installed", ".venv-spark")),
        ({"is_connect_only": lambda: True}, ("pyspark-client, which is, speaks to sc://", ".venv-spark")),
        (
            {"find_spec": lambda name: None if name.startswith("dbt") else name},
            ("dbt-spark is not installed", ".venv-spark"),
        ),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_command_that_brings_it(
    lacks: dict[str, object], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, found in lacks.items():
        monkeypatch.setattr(readiness, name, found)
    with pytest.raises(SparkProblem) as raised:
        readiness.require_spark(on("local[2]"))
    assert all(each in str(raised.value) for each in words)


@pytest.mark.usefixtures("whole")
def test_outside_a_clone_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "find_spec", lambda name: None)
    monkeypatch.setattr(readiness, "is_clone", lambda: False)
    with pytest.raises(SparkProblem, match=r"pip install 'onefold\[spark\]'"):
        readiness.require_spark(on("local[2]"))


@pytest.mark.usefixtures("whole")
def test_java_is_needed_but_for_spark_connect(listener: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(readiness, "is_connect_only", lambda: True)
    readiness.require_spark(on(f"sc://{listener}/;user_id=me"))
    monkeypatch.setattr(readiness, "is_connect_only", lambda: False)
    with pytest.raises(SparkProblem, match="there is no Java"):
        readiness.require_spark(on("local[2]"))


@pytest.mark.usefixtures("whole")
def test_an_address_that_does_not_answer_is_named_and_one_master_of_several_is_enough(listener: str) -> None:
    readiness.require_spark(on("local[2]"))
    readiness.require_spark(on(f"spark://127.0.0.1:1,{listener}"))
    for address in ("spark://127.0.0.1:1", "sc://127.0.0.1:1", "spark://127.0.0.1:word"):
        with pytest.raises(SparkProblem, match="nobody answers") as raised:
            readiness.require_spark(on(address))
        assert address in str(raised.value)


def test_a_run_and_a_demo_say_so_before_they_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    console = Console(file=said, width=200)
    monkeypatch.setattr(readiness, "find_spec", lambda name: None)
    monkeypatch.setenv("ONEFOLD_ENGINE", "spark")
    monkeypatch.setattr(demo, "plain_console", lambda: console)
    monkeypatch.setattr(run, "export_settings", lambda _: None)  # the environment outlives this test
    out = tmp_path / "demo"
    assert demo.run_demo(customers=20, seed=1, out=out) == EXIT_NOT_PUBLISHED
    assert not out.exists()
    (tmp_path / "inbox").mkdir()
    assert (
        run.run_nightly(home=tmp_path / "home", inbox=tmp_path / "inbox", console=console)
        == EXIT_NOT_PUBLISHED
    )
    assert not (tmp_path / "home" / "landing").exists()
    assert said.getvalue().count("pyspark is not installed") == 2
    assert "not published; readers still see nothing" in said.getvalue()


@pytest.mark.usefixtures("whole")
def test_the_doctor_looks_at_spark_where_it_is_the_engine(settings: Settings) -> None:
    def found(given: Settings) -> list[tuple[str, str]]:
        return [(each.level, each.remedy) for each in examine(given) if each.topic == "engine"]

    assert found(settings) == []
    on_spark = settings.model_copy(update={"engine": "spark"})
    assert found(on_spark) == [("well", "")]
    lost = on_spark.model_copy(update={"spark_address": "spark://127.0.0.1:1"})
    (finding,) = found(lost)
    assert finding[0] == "ill" and "start the cluster" in finding[1]

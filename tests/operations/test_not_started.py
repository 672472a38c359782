"""What is broken in the project before a run begins: three lines, "not published", exit 1, and the alert goes out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from cdp_assets.commands.run import EXIT_NOT_PUBLISHED, run_nightly
from cdp_assets.project.lay import lay_project
from tests.operations.test_alerts import web_server

Harm = Callable[[Path], None]


def list_a_channel_without_models(project: Path) -> None:
    path = project / "dbt_project" / "dbt_project.yml"
    text = path.read_text()
    path.write_text(text.replace("    orders: [", "    orders: [till, "))


def break_a_line_of_the_lists(project: Path) -> None:
    path = project / "dbt_project" / "dbt_project.yml"
    path.write_text(path.read_text().replace("  channels:", "  channels: ["))


def break_a_contract(project: Path) -> None:
    (project / "channels" / "till.yaml").write_text("name: till\nschema: [")


def refer_to_a_model_that_is_not_there(project: Path) -> None:
    (project / "dbt_project" / "models" / "traits" / "mine.sql").write_text(
        "select 1 as a from {{ ref('nope') }}"
    )


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (
            list_a_channel_without_models,
            ("vars.channels.orders names till", "dbt_project.yml, line", "take till out of the list"),
        ),
        (break_a_line_of_the_lists, ("no valid YAML", "dbt_project.yml, line", "correct the line")),
        (break_a_contract, ("till.yaml", "line 3", "correct")),
        pytest.param(
            refer_to_a_model_that_is_not_there,
            ("nope", "models/traits/mine.sql", "write a model nope"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_run_of_a_broken_project_says_so_and_tells_whoever_is_to_be_told(
    harm: Harm, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_project(tmp_path / "shop")
    harm(tmp_path / "shop")
    for name in (
        "ONEFOLD_HOME",
        "ONEFOLD_INBOX",
        "DAGSTER_HOME",
    ):  # a run exports its own: undone when the test ends
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("ONEFOLD_PROJECT", str(tmp_path / "shop"))
    shown = io.StringIO()
    with web_server() as (port, bodies):
        monkeypatch.setenv("ONEFOLD_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/")
        code = run_nightly(
            home=tmp_path / "home", inbox=tmp_path / "inbox", console=Console(file=shown, width=200)
        )
    assert code == EXIT_NOT_PUBLISHED
    said = shown.getvalue()
    assert said.startswith("not published; readers still see nothing")
    assert "Traceback" not in said
    (told,) = bodies
    for word in words:
        assert word in said
        assert word in told["reason"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_run_without_any_delivery_says_so_before_it_begins(
    is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ONEFOLD_HOME", "ONEFOLD_INBOX", "ONEFOLD_PROJECT", "DAGSTER_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("ONEFOLD_PROJECT")
    if is_there:
        (tmp_path / "inbox" / "shopify").mkdir(parents=True)
    shown = io.StringIO()
    code = run_nightly(
        home=tmp_path / "home", inbox=tmp_path / "inbox", console=Console(file=shown, width=200)
    )
    said = shown.getvalue()
    assert code == EXIT_NOT_PUBLISHED and "no file was ever delivered" in said
    assert f"the inbox {tmp_path / 'inbox'}" in said and ("does not exist" in said) != is_there
    assert "<inbox>/<channel>/ (amazon, " in said and "--inbox" in said
    assert not list((tmp_path / "home" / "logs").glob("*.log"))


def test_a_project_of_another_version_that_cannot_run_says_which_version_it_is_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_project(tmp_path / "shop")
    (tmp_path / "shop" / "onefold.yaml").write_text('version: "0.0.9"\n')
    break_a_contract(tmp_path / "shop")
    for name in ("ONEFOLD_HOME", "ONEFOLD_INBOX", "DAGSTER_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("ONEFOLD_PROJECT", str(tmp_path / "shop"))
    shown = io.StringIO()
    code = run_nightly(
        home=tmp_path / "home", inbox=tmp_path / "inbox", console=Console(file=shown, width=200)
    )
    assert code == EXIT_NOT_PUBLISHED
    said = shown.getvalue()
    assert "this project is of Onefold 0.0.9" in said and "`onefold upgrade`" in said
    assert "till.yaml, line 3" in said

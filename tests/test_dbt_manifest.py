"""The parsed project: made once for all homes, read by Dagster's import, which does nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets import dbt_manifest
from cdp_assets.dbt_vars import Vars, VarsProblem, check_lists, check_values, project_vars
from cdp_assets.errors import Problem
from cdp_assets.project.lay import lay_project
from cdp_assets.settings import PROJECT_DIR, Settings

BIN = Path(sys.executable).parent


def python(code: str, project: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """A process that names a home that is not there."""
    return command([sys.executable, "-c", code], project, home)


def command(words: list[str], project: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "ONEFOLD_PROJECT": str(project),
        "ONEFOLD_HOME": str(home),
        "DO_NOT_TRACK": "1",
        "DAGSTER_HOME": str(home.parent),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "VIRTUAL_ENV": sys.prefix,
    }
    return subprocess.run(
        words, cwd=project, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def prepared() -> Settings:
    """The clone's own project, parsed."""
    settings = Settings(home=Path("/nowhere/home"), key="test-key-of-at-least-thirty-two-bytes")
    dbt_manifest.prepare(settings)
    return settings


def test_the_prepared_manifest_knows_no_home_and_dbts_own_is_of_the_home(prepared: Settings) -> None:
    text = json.dumps(dbt_manifest.read(prepared))
    assert f"{dbt_manifest.HOME_PLACEHOLDER}/landing/" in text
    filled = dbt_manifest.for_home(prepared)
    landed = [source for source in filled.sources.values() if source.source_name == "landing"]
    assert landed
    assert all(source.relation_name.startswith("read_parquet('/nowhere/home/landing/") for source in landed)
    assert all(
        dbt_manifest.HOME_PLACEHOLDER not in json.dumps(source.to_dict())
        for source in filled.sources.values()
    )


def test_a_project_that_did_not_change_is_not_parsed_again(
    prepared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt_manifest, "_parse", lambda _: pytest.fail("it was parsed"))
    dbt_manifest.prepare(prepared)
    dbt_manifest.prepare(prepared.model_copy(update={"home": Path("/another")}))


@pytest.fixture
def laid(prepared: Settings, tmp_path: Path) -> Settings:
    """A laid project that was not parsed; parsing one takes as long as all other tests here."""
    lay_project(tmp_path / "shop")
    return Settings(
        project=tmp_path / "shop", home=tmp_path / "home", key="test-key-of-at-least-thirty-two-bytes"
    )


def test_a_project_that_was_not_parsed_is_told_in_three_lines_and_nothing_is_made(laid: Settings) -> None:
    with pytest.raises(dbt_manifest.ManifestProblem, match="was not parsed yet") as raised:
        dbt_manifest.read(laid)
    assert len(str(raised.value).splitlines()) == 3
    assert not dbt_manifest.folder(laid).exists()


@pytest.mark.integration
def test_importing_the_definitions_makes_nothing_and_says_what_is_missing(laid: Settings) -> None:
    before = sorted(laid.project_dir.rglob("*"))
    done = python("import cdp_assets.definitions", laid.project_dir, laid.home)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-3:]
    assert "the dbt project was not parsed yet" in last[0]
    assert [line.split(":")[0].strip() for line in last[1:]] == ["where", "what to do"]
    assert "`onefold parse`" in last[2]
    assert sorted(laid.project_dir.rglob("*")) == before
    assert not laid.home.exists()


def test_a_manifest_older_than_the_project_is_stale(laid: Settings, prepared: Settings) -> None:
    shutil.copytree(dbt_manifest.folder(prepared), dbt_manifest.folder(laid))
    with pytest.raises(dbt_manifest.ManifestProblem, match="changed since it was parsed"):
        dbt_manifest.read(laid)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["dg", "check", "defs"], marks=pytest.mark.integration),
        pytest.param(
            ["dagster", "definitions", "validate", "-m", "cdp_assets.definitions"], marks=pytest.mark.slow
        ),
    ],
    ids=" ".join,
)
def test_dagsters_own_commands_load_the_definitions_without_a_home(
    words: list[str], prepared: Settings, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    done = command(words, PROJECT_DIR, home)
    assert done.returncode == 0, done.stderr + done.stdout
    assert not home.exists()


LISTS = """\
name: onefold
vars:
  channels:
    orders: [shopify, {channel}]
  traits:
    {trait}: {{type: text}}
  attribution_models: [{model}]
"""


@pytest.mark.parametrize(
    ("channel", "trait", "model", "found", "line"),
    [
        ("till", "x", "linear", "vars.channels.orders names till", 4),
        ("shopify", "mood", "linear", "vars.traits names mood", 6),
        ("shopify", "x", "magic", "vars.attribution_models names magic", 7),
    ],
)
def test_a_name_on_a_list_without_its_model_is_told_with_its_line(
    tmp_path: Path, channel: str, trait: str, model: str, found: str, line: int
) -> None:
    for there in (
        "staging/shopify/stg_shopify__orders.sql",
        "traits/trait_x.sql",
        "attribution/attribution_linear.sql",
    ):
        (tmp_path / "models" / there).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models" / there).touch()
    (tmp_path / "dbt_project.yml").write_text(LISTS.format(channel=channel, trait=trait, model=model))
    with pytest.raises(VarsProblem) as raised:
        check_lists(tmp_path)
    what, where, remedy = str(raised.value).splitlines()
    assert what.startswith(found)
    assert where.endswith(f"dbt_project/dbt_project.yml, line {line}")
    assert "write dbt_project/models/" in remedy


@pytest.mark.parametrize(
    "text", ["vars: [", "name: x", "vars: 3", "vars: {channels: [a]}", "vars: {channels: {orders: 3}}"]
)
def test_lists_that_are_no_lists_are_told_in_three_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "dbt_project.yml").write_text(text)
    with pytest.raises(VarsProblem) as raised:
        check_lists(tmp_path)
    assert len(str(raised.value).splitlines()) == 3


def test_a_list_of_the_shipped_project_has_its_models() -> None:
    check_lists(PROJECT_DIR / "dbt_project")


def test_every_line_of_the_shipped_vars_is_known_and_passes() -> None:
    assert set(project_vars(PROJECT_DIR / "dbt_project")) == set(Vars.model_fields)
    check_values(PROJECT_DIR / "dbt_project")


@pytest.mark.parametrize(
    ("line", "broken", "found"),
    [
        (
            "attribution_window_days: 30",
            "attribution_window_days: 3x",
            "vars.attribution_window_days: Input should be a valid integer",
        ),
        (
            "attribution_window_days: 30",
            "attribution_window_days: -1",
            "vars.attribution_window_days: Input should be greater",
        ),
        (
            "rfm_scheme: quantiles",
            "rfm_scheme: tresholds",
            "vars.rfm_scheme: Input should be 'quantiles' or 'thresholds'",
        ),
        (
            "jurisdiction: US",
            "jurisdiction: NO",
            "vars.jurisdiction: Input should be a valid string",
        ),  # YAML's Norway
        ("return_on: net_revenue", "return_on: revenue", "vars.return_on: Input should be 'gross_revenue'"),
        (
            "preferred_store: {type: text",
            "preferred_store: {type: txt",
            "vars.traits.preferred_store.type: Input should be 'text' or 'number'",
        ),
        (
            "attribution_position_last: 0.4",
            "attribution_position_last: 0.7",
            "vars: the first touch and the last get more than the whole",
        ),
        ("affinity_min_orders: 20", "affinity_min_order: 20", "vars.affinity_min_orders: Field required"),
    ],
)
def test_a_line_of_vars_that_dbt_would_take_for_something_else_is_told_with_its_line(
    tmp_path: Path, line: str, broken: str, found: str
) -> None:
    text = (PROJECT_DIR / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8")
    assert text.count(line) == 1
    (tmp_path / "dbt_project.yml").write_text(text.replace(line, broken), encoding="utf-8")
    with pytest.raises(VarsProblem) as raised:
        check_values(tmp_path)
    what, where, _ = str(raised.value).splitlines()
    assert what.startswith(found)
    number = text[: text.index(line)].count("\n") + 1
    assert where.endswith(
        f"dbt_project.yml, line {number}"
        if "vars." in found and "required" not in found
        else "dbt_project.yml"
    )


def test_every_problem_has_three_lines() -> None:
    assert str(Problem("found", "here", "that")).splitlines() == [
        "found",
        "  where: here",
        "  what to do: that",
    ]


def test_marks_of_a_conflict_stop_the_parse_also_in_a_list_that_dbt_would_load(
    laid: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt_manifest, "_parse", lambda *_: pytest.fail("it was parsed"))
    listed = laid.reference_dir / "line_kinds.csv"
    listed.write_text(
        listed.read_text() + "<<<<<<< yours\na,b,c,gift_card,\n=======\na,b,c,tip,\n>>>>>>> Onefold 9\n"
    )
    with pytest.raises(dbt_manifest.ManifestProblem) as raised:
        dbt_manifest.prepare(laid)
    what, where, remedy = str(raised.value).splitlines()
    assert what == "two versions of the same lines stand between the marks of a conflict"
    assert where == f"  where: {listed}"
    assert "<<<<<<<" in remedy

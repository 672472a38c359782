"""The commands say what they did, and exit with 1 and a sentence where they could not."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from cdp_assets.linkage import adopt_model
from cdp_assets.linkage.commands import register
from cdp_assets.state import connect_state
from tests.linkage.identity_home import IdentityHome, key_of


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    register(made)
    return made


def test_a_ruling_is_kept_listed_and_taken_back(
    home: IdentityHome, app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.assign({"a": "A", "b": "B"}, "g1")
    monkeypatch.setenv("ONEFOLD_KEY", "a-key-for-tests")
    place = ["--home", str(home.settings.home)]
    runner = CliRunner()
    made = runner.invoke(app, ["rule", "must-link", "shop:a", key_of("b"), "--why", "she said so", *place])
    assert made.exit_code == 0, made.output
    ruling_id = made.output.split()[1]
    listed = runner.invoke(app, ["rulings", *place])
    assert ruling_id in listed.output and "active" in listed.output and "she said so" in listed.output
    clash = runner.invoke(app, ["rule", "cannot-link", "shop:a", "shop:b", *place])
    assert clash.exit_code == 1
    assert "contradict" in clash.output
    assert runner.invoke(app, ["rulings", "--undo", ruling_id, *place]).exit_code == 0
    assert "undone" in runner.invoke(app, ["rulings", *place]).output


def test_an_adopted_model_is_the_only_one_in_force(home: IdentityHome) -> None:
    row = ("trained-x", "trained", "{}", "{}", "2024-01-01", True)
    home.assign({"a": "A"}, "g1")
    with connect_state(home.settings) as con:
        terms = con.execute("select * from identity_term_frequencies").to_arrow_table()
        adopt_model(con, [("trained-w", *row[1:])], terms)
        adopt_model(con, [row], terms)
        assert con.execute("select model_version from identity_models where is_current").fetchall() == [
            ("trained-x",)
        ]

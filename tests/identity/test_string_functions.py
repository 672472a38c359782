"""String functions count characters in every script, and a model that was trained with others is refused."""

from __future__ import annotations

import json

import duckdb
import pytest

from cdp_assets.identity import IdentityProblem
from cdp_assets.identity.scoring import model, string_functions
from cdp_assets.identity.scoring.string_functions import MEANING, check_engine
from cdp_assets.state import connect_state
from tests.identity.identity_home import IdentityHome, person


@pytest.mark.parametrize(("function", "left", "right", "value"), MEANING)
def test_a_string_function_counts_characters(function: str, left: str, right: str, value: float) -> None:
    for a, b in ((left, right), (right, left)):
        found = duckdb.sql(f"select {function}('{a}', '{b}')").fetchall()[0][0]
        assert found == pytest.approx(value, abs=1e-9)


def test_an_engine_of_another_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(string_functions, "MEANING", (("levenshtein", "张三", "李四", 6),))
    with (
        duckdb.connect() as con,
        pytest.raises(IdentityProblem, match=r"levenshtein of DuckDB .* requirements\.lock"),
    ):
        check_engine(con)


@pytest.mark.parametrize("missing", ["string_functions", "matching_rules"])
def test_a_model_of_other_functions_or_rules_is_refused_with_the_remedy(
    home: IdentityHome, missing: str
) -> None:
    home.write([person("a", full_name="Ann Lee", email="ann@lee.example")])
    home.run()
    home.commit("g1")
    with connect_state(home.settings) as con:
        version, text = con.execute("select model_version, parameters from identity_models").fetchall()[0]
        parameters = json.loads(text)
        assert parameters.pop(missing) == model.TRAINED_FOR[missing]
        con.execute("update identity_models set parameters = ?", [json.dumps(parameters)])
    with pytest.raises(
        IdentityProblem, match=f"{version} was trained with other {missing.replace('_', ' ')}.*onefold train"
    ):
        home.run()

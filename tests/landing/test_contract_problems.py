"""A contract that cannot be used says in three lines what, where and what to do, whoever reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.landing.contract import ContractProblem, load_contract
from cdp_assets.landing.held import as_held
from cdp_assets.operations.doctor import examine
from cdp_assets.project.place import SHIPPED_CHANNELS
from cdp_assets.settings import Settings

SQUARE = (SHIPPED_CHANNELS / "square.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "found", "place"),
    [
        ("till", "name: till\nschema: [", "no valid YAML", "till.yaml, line 3"),
        (
            "square",
            SQUARE.replace("logicalType: string", "logicalType: strung", 1),
            "should be 'string', 'integer'",
            "square.yaml, schema ",
        ),
        ("till", SQUARE, "its name is square", "till.yaml"),
        ("till", "[]", "should be a valid dictionary", "till.yaml, top level"),
    ],
)
def test_a_broken_contract_is_told_in_three_lines(
    tmp_path: Path, file: str, text: str, found: str, place: str
) -> None:
    path = tmp_path / f"{file}.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractProblem) as raised:
        load_contract(path)
    what, where, remedy = str(raised.value).splitlines()
    assert found in what
    assert where.startswith(f"  where: {tmp_path}/{place}")
    assert remedy.startswith("  what to do: ")


def test_the_doctor_says_of_a_broken_contract_what_and_where_and_what_to_do_each_once(tmp_path: Path) -> None:
    (tmp_path / "dbt_project").mkdir()
    (tmp_path / "dbt_project" / "dbt_project.yml").write_text("name: onefold\n")
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "till.yaml").write_text("name: till\nschema: [")
    settings = Settings(project=tmp_path, home=tmp_path / "home")
    told = [each for each in examine(settings) if each.topic == "contracts" and each.level == "ill"]
    assert [len(each.found.splitlines()) for each in told] == [1]
    assert "till.yaml, line 3" in told[0].found and "quoting" in told[0].remedy


def test_a_file_that_waits_for_its_contract_says_why_on_one_line() -> None:
    held = as_held(ContractProblem("a timestamp needs formats", "export orders, column sold_at", "give one"))
    assert (held.detail, held.remedy.splitlines()) == (
        "a timestamp needs formats (export orders, column sold_at)",
        ["give one; `onefold channel check` tries it"],
    )

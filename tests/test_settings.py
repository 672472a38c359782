"""Settings: what is wrong is named with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.settings import Settings, SettingsProblem


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONEFOLD_HOME", str(tmp_path))
    assert Settings.load().warehouse_path == tmp_path / "warehouse.duckdb"
    assert Settings.load(home=tmp_path / "other").inbox_dir == tmp_path / "other" / "inbox"


@pytest.mark.parametrize(
    ("field", "value"), [("business_time_zone", "Mars/Olympus"), ("reporting_currency", "dollars")]
)
def test_an_unknown_zone_or_currency_is_refused(field: str, value: str) -> None:
    with pytest.raises(SettingsProblem, match="set one such as"):
        Settings.load(**{field: value})


@pytest.mark.parametrize("size", ["lots", "2", "-1GB", "10MB"])
def test_a_memory_limit_is_a_size_with_its_unit(size: str) -> None:
    with pytest.raises(SettingsProblem, match="set one such as '2GB'"):
        Settings.load(memory_limit=size)


def test_memory_is_a_share_of_the_machines_and_landings_share_is_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ONEFOLD_MEMORY_LIMIT", raising=False)
    assert 1_000 <= int(Settings.load().memory_limit.removesuffix("MB")) <= 3_000
    assert Settings.load(memory_limit="8GB").parser_memory_limit == "1GB"
    assert Settings.load(memory_limit="512MB").parser_memory_limit == "512MB"


@pytest.mark.parametrize("odd", ["it's", 'a"b', "a[1]", "a*", "a\nb", "100%", "{x}", "a;b", "a\u200bb"])
def test_a_home_that_a_library_would_misread_is_refused_at_once(tmp_path: Path, odd: str) -> None:
    with pytest.raises(SettingsProblem, match="choose a home without"):
        Settings.load(home=tmp_path / odd)


@pytest.mark.parametrize("name", ["my home", "家", "größe", "a.b-c_d"])
def test_a_home_with_spaces_and_letters_of_any_script_is_fine(tmp_path: Path, name: str) -> None:
    assert Settings.load(home=tmp_path / name).home == tmp_path / name

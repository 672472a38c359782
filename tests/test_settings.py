"""Settings: what is wrong is named with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from cdp_assets.settings import Settings


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONEFOLD_HOME", str(tmp_path))
    assert Settings.load().warehouse_path == tmp_path / "warehouse.duckdb"
    assert Settings.load(home=tmp_path / "other").inbox_dir == tmp_path / "other" / "inbox"


@pytest.mark.parametrize(
    ("field", "value"), [("business_time_zone", "Mars/Olympus"), ("reporting_currency", "dollars")]
)
def test_an_unknown_zone_or_currency_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError, match="set one such as"):
        Settings.load(**{field: value})

"""The lists and knobs of the dbt project, `vars` in dbt_project.yml, for those who must know them outside dbt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cdp_assets import safe_yaml


def project_vars(dbt_project_dir: Path) -> dict[str, Any]:
    """`vars` as they stand in the file: what a run overrides is not in it."""
    text = (dbt_project_dir / "dbt_project.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = safe_yaml.load(text)["vars"]
    return found

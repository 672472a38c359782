"""The lists and knobs of the dbt project, `vars` in dbt_project.yml, for those who must know them outside dbt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cdp_assets import safe_yaml
from cdp_assets.errors import Problem

PROJECT_FILE = "dbt_project.yml"


class VarsProblem(Problem):
    """A line in `vars` of dbt_project.yml that nothing stands behind, or that cannot be read."""


def project_vars(dbt_project_dir: Path) -> dict[str, Any]:
    """`vars` as they stand in the file: what a run overrides is not in it. Raises VarsProblem."""
    path = dbt_project_dir / PROJECT_FILE
    try:
        document = safe_yaml.read(path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise VarsProblem(
            "the dbt project's settings are no valid YAML",
            f"dbt_project/{PROJECT_FILE}, line {mark.line + 1 if mark else 'unknown'}",
            "correct the line's indentation, quoting or brackets",
        ) from error
    found = document.get("vars") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise VarsProblem(
            "the dbt project has no `vars`", f"dbt_project/{PROJECT_FILE}", "restore them from git"
        )
    return found


def check_lists(dbt_project_dir: Path) -> None:
    """Whether a model stands behind every name on the lists of channels, traits, attribution models and families of measures.

    dbt would name the model that is missing and not the line that asks for it. Raises VarsProblem for the first one.
    """
    listed = project_vars(dbt_project_dir)
    for key, name, model in _listed_models(listed):
        if not (dbt_project_dir / model).exists():
            raise VarsProblem(
                f"vars.{key} names {name}, but there is no model {Path(model).name}",
                f"dbt_project/{PROJECT_FILE}{_line_of(dbt_project_dir, key, name)}",
                f"write dbt_project/{model}, or take {name} out of the list",
            )


def _listed_models(listed: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(key in vars, name on the list, the model's file)."""
    channels = listed.get("channels")
    if not isinstance(channels, dict):
        raise _no_list("channels", "a list of channels for each shape")
    for shape, names in channels.items():
        for name in _names(f"channels.{shape}", names):
            yield f"channels.{shape}", name, f"models/staging/{name}/stg_{name}__{shape}.sql"
    for key, prefix, folder in (
        ("traits", "trait", "traits"),
        ("attribution_models", "attribution", "attribution"),
        ("scorecard_families", "measures", "scorecard"),
    ):
        for name in _names(key, listed.get(key)):
            yield key, name, f"models/{folder}/{prefix}_{name}.sql"


def _names(key: str, found: Any) -> list[str]:
    names = list(found or []) if isinstance(found, list | dict) or found is None else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise _no_list(key, "a list of names")
    return names


def _no_list(key: str, wanted: str) -> VarsProblem:
    return VarsProblem(
        f"vars.{key} is not {wanted}",
        f"dbt_project/{PROJECT_FILE}",
        f"write {wanted}, such as [shopify, square]",
    )


def _line_of(dbt_project_dir: Path, key: str, name: str) -> str:
    """The line of a name under its key, if it is there to be found."""
    lines = (dbt_project_dir / PROJECT_FILE).read_text(encoding="utf-8").splitlines()
    heading = re.compile(rf"^\s+{re.escape(key.rpartition('.')[2])}\s*:")
    start = next((number for number, line in enumerate(lines) if heading.match(line)), len(lines))
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return next((f", line {n + 1}" for n, line in enumerate(lines) if n >= start and word.search(line)), "")

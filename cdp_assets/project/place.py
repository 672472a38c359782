"""Where the project stands that a command works on, and which version of Onefold laid it.

A project is what `onefold init` lays, marked by `onefold.yaml`; a clone of Onefold is one by itself. Knows nothing of homes.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

from cdp_assets import safe_yaml
from cdp_assets.errors import Problem

MARK = "onefold.yaml"
PACKAGE_DIR = Path(__file__).resolve().parent.parent
SHIPPED_CHANNELS = PACKAGE_DIR / "channels"
MARK_TEXT = """\
# This folder is a project of Onefold: yours to edit, best kept in git.
# The version is that of the Onefold that laid it or last upgraded it (`onefold upgrade`).
version: "{version}"
"""


class ProjectProblem(Problem):
    """There is no project here, or it is not in order."""


def installed_version() -> str:
    """The version of the Onefold that runs."""
    try:
        return version("onefold")
    except PackageNotFoundError:
        return "unknown"


def is_clone() -> bool:
    """Whether the package stands in a clone of Onefold, which is its own project."""
    root = PACKAGE_DIR.parent
    return (root / "pyproject.toml").exists() and (root / "dbt_project" / "dbt_project.yml").exists()


def find_project(given: Path | None = None) -> Path:
    """The project given, else the nearest one at or above the working directory, else the clone that this runs from.

    Raises ProjectProblem where there is none: nothing is ever kept beside library code.
    """
    if given is not None:
        return _checked(given.expanduser().absolute())
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / MARK).exists():
            return folder
    if is_clone():
        return PACKAGE_DIR.parent
    raise ProjectProblem(
        "no Onefold project here",
        f"{here} and the folders above it have no {MARK}",
        "`onefold init DIR` lays one; then work in it, or name it with ONEFOLD_PROJECT",
    )


def channels_dir(project: Path) -> Path:
    """Where the project's own contracts stand; a clone keeps all in the package."""
    return SHIPPED_CHANNELS if project == PACKAGE_DIR.parent else project / "channels"


def laid_version(project: Path) -> str | None:
    """The version that laid the project, None for a clone. Raises ProjectProblem for a mark that cannot be read."""
    mark = project / MARK
    if not mark.exists():
        return None
    try:
        found = safe_yaml.read(mark)
    except (yaml.YAMLError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("version"), str):
        raise ProjectProblem(
            "the project does not say which version laid it",
            str(mark),
            f'write the line `version: "{installed_version()}"` into it, or restore it from git',
        )
    return str(found["version"])


def other_version(project: Path) -> str | None:
    """What to say where another version laid the project than runs it; None where it is the same, or a clone."""
    laid, runs = laid_version(project), installed_version()
    if laid is None or laid == runs:
        return None
    return f"this project is of Onefold {laid}, and {runs} runs it: `onefold upgrade` brings in what changed"


def _checked(project: Path) -> Path:
    if not (project / "dbt_project" / "dbt_project.yml").exists():
        raise ProjectProblem(
            "the project named has no dbt_project/dbt_project.yml",
            f"{project} (ONEFOLD_PROJECT)",
            "name the folder that `onefold init` laid",
        )
    return project

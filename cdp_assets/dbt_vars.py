"""The lists and knobs of the dbt project, `vars` in dbt_project.yml, for those who must know them outside dbt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from cdp_assets import safe_yaml
from cdp_assets.errors import Problem

PROJECT_FILE = "dbt_project.yml"


Share = Annotated[float, Field(ge=0, le=1)]


class Trait(BaseModel):
    """A line of `vars.traits`."""

    type: Literal["text", "number"]
    description: str


class Vars(BaseModel):
    """What each line of `vars` may be; the comments in dbt_project.yml say what it means. Lines that a user adds are the user's."""

    model_config = ConfigDict(strict=True)

    as_of_date: date | str | None  # given by the runner
    business_time_zone: str
    reporting_currency: str
    channels: dict[str, list[str] | None]
    order_statuses_of_sales: list[str]
    order_statuses_without_sale: list[str]
    channels_without_lines: list[str]
    stray_gap_days: PositiveInt
    stray_share: Share
    affinity_min_orders: PositiveInt
    jurisdiction: str
    purposes: list[str]
    device_login_lookback_days: NonNegativeInt
    device_next_login_days: NonNegativeInt
    device_max_customers: PositiveInt
    traits: dict[str, Trait]
    new_customer_burn_in_days: NonNegativeInt
    scorecard_unknown_at_most: Share
    scorecard_families: list[str]
    rfm_window_days: PositiveInt
    rfm_inferred_days: PositiveInt
    rfm_scheme: Literal["quantiles", "thresholds"]
    rfm_segment_map: str
    marketplaces: list[str]
    attribution_models: list[str]
    attribution_drop_direct: bool
    return_on: Literal["gross_revenue", "discounted_revenue", "net_revenue", "margin"]
    attribution_window_days: PositiveInt
    attribution_window_days_by_touch_type: dict[str, PositiveInt]
    attribution_position_first: Share
    attribution_position_last: Share
    attribution_half_life: PositiveFloat
    attribution_half_life_unit: Literal["days", "hours", "touches"]

    @model_validator(mode="after")
    def _check_shares(self) -> Vars:
        if self.attribution_position_first + self.attribution_position_last > 1:
            raise ValueError("the first touch and the last get more than the whole (attribution_position_…)")
        return self


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


def check_values(dbt_project_dir: Path) -> None:
    """Whether every line of `vars` is of its kind: dbt puts whatever stands there into SQL. Raises VarsProblem for the first one."""
    try:
        Vars.model_validate(project_vars(dbt_project_dir))
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(each) for each in first["loc"]]
        line = _line_of(dbt_project_dir, keys[0], keys[min(1, len(keys) - 1)]) if keys else ""
        raise VarsProblem(
            f"{'.'.join(['vars', *keys])}: {first['msg'].removeprefix('Value error, ')}",
            f"dbt_project/{PROJECT_FILE}{line}",
            "correct that line: the comment beside it says what it may be",
        ) from error


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

"""What is shared: `share/<name>.yaml` in the project: a cohort table with its bounds, and what protects the people in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cdp_assets import safe_yaml
from cdp_assets.settings import Settings
from cdp_assets.sharing.problems import SharingProblem

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
LEAST_K = 20


class Sum(BaseModel):
    """A sum per cell, of each person's value clipped to its bounds, in hundredths."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    column: Name
    lower: float
    upper: float

    @model_validator(mode="after")
    def _ordered(self) -> Sum:
        if not self.lower < self.upper or max(abs(self.lower), abs(self.upper)) > 1e9:
            raise ValueError("lower must be below upper, and both within a thousand million")
        return self

    @property
    def reach(self) -> int:
        """By how much one person can change the sum, in hundredths."""
        return max(1, round(100 * max(abs(self.lower), abs(self.upper))))


class Share(BaseModel):
    """One table for one partner. epsilon and delta are of a whole release; keys: column → the values that everybody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    partner: Name
    source: Name = Field(alias="from", description="A mart with one row per customer.")
    per: list[Name] = Field(min_length=1, max_length=4)
    sums: list[Sum] = Field(default=[], max_length=8)
    keys: dict[Name, list[str]] = {}
    k: int = Field(default=LEAST_K, ge=LEAST_K)
    epsilon: float = Field(gt=0, le=10)
    delta: float = Field(default=0, ge=0, le=1e-5)

    @model_validator(mode="after")
    def _keys_or_delta(self) -> Share:
        if strange := sorted(set(self.keys) - set(self.per)):
            raise ValueError(f"keys names {strange[0]}, which is not in per")
        if set(self.keys) != set(self.per) and self.delta == 0:
            raise ValueError(
                "give keys for every column of per, or a delta above 0: a rare value tells who has it"
            )
        return self

    @property
    def has_public_keys(self) -> bool:
        return set(self.keys) == set(self.per)

    @property
    def epsilon_each(self) -> float:
        """What the count and each sum get of epsilon."""
        return self.epsilon / (1 + len(self.sums))


def load(settings: Settings, name: str) -> Share:
    """Read one. Raises SharingProblem."""
    path = settings.project_dir / "share" / f"{name}.yaml"
    if Path(name).name != name or not path.is_file():
        raise SharingProblem(
            f"no share is named {name}", str(path.parent), "write share/<name>.yaml; docs/rights.md has one"
        )
    try:
        document = safe_yaml.read(path)
        return Share.model_validate({"name": name, **(document if isinstance(document, dict) else {})})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise SharingProblem(
            f"{where}: {first['msg']}", f"share/{name}.yaml", "correct it; docs/rights.md has an example"
        ) from None
    except yaml.YAMLError:
        raise SharingProblem(
            "it is no valid YAML", f"share/{name}.yaml", "correct indentation, quoting or brackets"
        ) from None


def listed(settings: Settings) -> list[str]:
    folder = settings.project_dir / "share"
    return sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []

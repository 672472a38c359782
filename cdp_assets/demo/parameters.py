"""The simulated retailer's parameters, read from the YAML files of this package.

Only reading and simple shaping belongs here: every rate, place, name of a campaign or header is data in those files.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from cdp_assets import safe_yaml


@dataclass(frozen=True)
class Parameters:
    """Everything that shapes the simulated retailer but its size and seed.

    `traps`: rates of traps.yaml; `journeys`: chain, lifts and campaigns; `retailer`: places, stores and tastes;
    `headers`: header row of each export as the channel writes it.
    """

    traps: dict[str, Any]
    journeys: dict[str, Any]
    retailer: dict[str, Any]
    headers: dict[str, str]

    def rate(self, group: str, name: str) -> float:
        """One rate of traps.yaml."""
        return float(self.traps[group][name])

    def columns(self, export: str) -> list[str]:
        """Column names of an export's header, in file order, duplicates and unnamed ones included."""
        header = self.headers[export]
        return next(csv.reader([header], delimiter="\t" if "\t" in header else ","))


def _read(name: str) -> dict[str, Any]:
    text = resources.files("cdp_assets.demo").joinpath(name).read_text(encoding="utf-8")
    loaded = safe_yaml.load(text)
    if not isinstance(loaded, dict):
        raise ValueError(f"cdp_assets/demo/{name} holds no mapping: restore it from git")
    return loaded


@cache
def load_parameters() -> Parameters:
    """The parameters that ship with the package."""
    return Parameters(
        traps=_read("traps.yaml"),
        journeys=_read("journeys.yaml"),
        retailer=_read("retailer.yaml"),
        headers=_read("headers.yaml"),
    )

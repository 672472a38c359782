"""Who answers for which layer, shown at every asset; name your own teams here."""

from collections.abc import Iterable

import dagster as dg

ENGINEERS, ANALYSTS = "team:data-engineering", "team:analytics"
OF_ENGINEERS = {"landing", "reference", "staging", "identity", "history", "contact", "publish"}


def owned(assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The assets, each with the owner of its layer."""
    return [each for each in dg.map_asset_specs(_with_owner, assets) if isinstance(each, dg.AssetsDefinition)]


def _with_owner(spec: dg.AssetSpec) -> dg.AssetSpec:
    return spec.replace_attributes(owners=[ENGINEERS if spec.group_name in OF_ENGINEERS else ANALYSTS])

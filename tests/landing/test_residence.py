"""A home holds one region: files of a contract with another residence wait, and the region cannot be changed afterwards."""

from __future__ import annotations

import pytest

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.residence import ResidenceProblem, misplaced, region_of
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, land


def contracts(residence: str | None) -> dict[str, ChannelContract]:
    found = contract_of({}, {"name": "id", "physicalName": "id", "primaryKey": True})
    return {
        name: each.model_copy(update={"facts": each.facts.model_copy(update={"residence": residence})})
        for name, each in found.items()
    }


def test_data_of_another_region_wait_and_a_homes_region_stays(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "id\n1\n")
    for region in (None, "US"):
        report = land(settings.model_copy(update={"region": region}), contracts("EU"))
        assert [(held.file_name, held.reason_code) for held in report.held] == [("a.csv", "wrong_region")]
        assert report.exports[0].files_landed == 0 and region_of(settings) is None
    in_europe = settings.model_copy(update={"region": "EU"})
    assert land(in_europe, contracts("EU")).exports[0].files_landed == 1
    assert region_of(settings) == "EU"
    with pytest.raises(ResidenceProblem, match="holds data of EU"):
        land(settings.model_copy(update={"region": "US"}), contracts("EU"))
    deliver(settings, "shop/b.csv", "id\n2\n")
    assert land(settings, contracts("EU")).exports[0].files_landed == 1  # the home knows, also unsaid
    deliver(settings, "shop/c.csv", "id\n3\n")
    assert {held.reason_code for held in land(settings, contracts("CN")).held} == {"wrong_region"}


def test_a_residence_that_a_contract_gains_after_landing_is_told(settings: Settings) -> None:
    """Held are the files that come; that those of before lie in the wrong place is said, until the contract or the home is put right."""
    in_europe = settings.model_copy(update={"region": "EU"})
    deliver(settings, "shop/a.csv", "id\n1\n2\n")
    land(settings, contracts(None))
    assert misplaced(settings, contracts(None)) == [] and misplaced(in_europe, contracts("EU")) == []
    (said,) = misplaced(settings, contracts("EU"))
    assert "shop: its contract says that its data stay in EU" in said and "1 file with 2 rows" in said
    (said,) = misplaced(in_europe, contracts("CN"))
    assert "this home holds EU" in said and "ONEFOLD_REGION is CN" in said


def test_a_contract_without_a_residence_lands_anywhere(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "id\n1\n")
    assert land(settings.model_copy(update={"region": "EU"}), contracts(None)).exports[0].files_landed == 1
    assert region_of(settings) is None

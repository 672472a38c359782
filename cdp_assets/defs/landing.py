"""Landing as Dagster shows it: the inbox, then one asset per export with a check that its rows balance."""

from __future__ import annotations

from typing import Any

import dagster as dg

from cdp_assets.defs.resources import OnefoldHome, reported
from cdp_assets.landing.contract import ChannelContract, Export

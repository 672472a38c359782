"""Landing as Dagster shows it: the inbox, then one asset per export with a check that its rows balance."""

from __future__ import annotations

"""One small simulated retailer for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo import SimulationReport, simulate
from cdp_assets.demo.chance import register_chance


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> SimulationReport:
    """150 persons with every third basket."""
    return simulate(150, 7, tmp_path_factory.mktemp("demo"), thin=3)


@pytest.fixture
def truth(demo: SimulationReport) -> Path:
    """The folder of the small retailer's truth."""
    return demo.out / "truth"


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """A connection with the simulator's chance."""
    made = duckdb.connect()
    register_chance(made, 7)
    return made

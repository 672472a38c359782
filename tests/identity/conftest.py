"""Fixtures of identity's tests."""

from __future__ import annotations

import pytest

from cdp_assets.settings import Settings
from tests.identity.identity_home import IdentityHome


@pytest.fixture
def home(settings: Settings) -> IdentityHome:
    """An empty home for identity."""
    return IdentityHome(settings)

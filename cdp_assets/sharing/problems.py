"""What cannot be shared as it is asked: found, where, what to do; never a value."""

from __future__ import annotations

from cdp_assets.errors import Problem


class SharingProblem(Problem):
    """A table, an intersection or an aggregate that cannot be made or taken."""

"""What cannot be done of a request as it stands: found, where, what to do; never a person's value."""

from __future__ import annotations

from cdp_assets.errors import Problem


class RequestProblem(Problem):
    """A request that cannot be taken or carried out as it is."""

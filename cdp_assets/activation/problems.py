"""What activation refuses, in words that name files, rules, columns and counts; never a customer's value."""

from __future__ import annotations

from cdp_assets.errors import Problem


class ActivationProblem(Problem):
    """An audience, a destination or an acknowledgement cannot be used; the message says where and what to do."""

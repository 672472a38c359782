"""What activation refuses, in words that name files, rules, columns and counts; never a customer's value."""

from __future__ import annotations


class ActivationProblem(RuntimeError):
    """An audience, a destination or an acknowledgement cannot be used; the message says where and what to do."""

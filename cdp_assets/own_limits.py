"""Limits that a process sets for itself; who asks for which, and what it runs under them, belongs to the callers."""

from __future__ import annotations

import resource


def set_limit(kind: int, soft: int, hard: int = resource.RLIM_INFINITY) -> None:
    """Limit this process (kind: one of resource.RLIMIT_*). A stricter hard limit that it was started under stays: nobody may raise it."""
    stricter = [each for each in (hard, resource.getrlimit(kind)[1]) if each != resource.RLIM_INFINITY]
    resource.setrlimit(kind, (min([soft, *stricter]), min(stricter, default=resource.RLIM_INFINITY)))

"""A process that runs what somebody else wrote: it is asked once, sets limits for itself, and the system ends it, whatever DuckDB thinks of it."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from cdp_assets.own_limits import set_limit

RESERVED_BYTES = 1 << 30  # address space of a process that holds no row yet, where the system does not tell


class NoAnswer(RuntimeError):
    """A process ended without an answer. code: timeout or memory."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def answer_of(module: str, asked: object, *, wall_seconds: float, **environment: str) -> Any:
    """What a module of ours, run as a process, answers to what it is asked. Raises NoAnswer."""
    try:
        ended = subprocess.run(  # noqa: S603  a module of ours
            [sys.executable, "-m", module],
            input=pickle.dumps(asked), capture_output=True, env={**os.environ, **environment}, timeout=wall_seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoAnswer("timeout") from None
    if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise NoAnswer("timeout")
    try:
        return pickle.loads(ended.stdout)  # noqa: S301  written by our own child
    except (EOFError, pickle.UnpicklingError):
        raise NoAnswer("memory") from None


def limit_process(seconds: int, memory_bytes: int) -> None:
    """From here on this process may take so many seconds of processor time, and so much memory on top of what it has."""
    space = _address_space() + memory_bytes
    set_limit(resource.RLIMIT_CORE, 0, 0)
    set_limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    set_limit(resource.RLIMIT_AS, space, space)


def _address_space() -> int:
    """Bytes of address space that this process has now."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[0]) * resource.getpagesize() if told.exists() else RESERVED_BYTES

"""What a worker of the benchmark measures of itself. Standard library only: peers run it in their own environment."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from types import TracebackType


class Clock:
    """Wall and processor seconds of the parts of a run: `with clock("fit"): ...`. A part that comes again adds up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor_seconds: dict[str, float] = {}
        self._part = ""

    def __call__(self, part: str) -> Clock:
        self._part = part
        return self

    def __enter__(self) -> None:
        self._begin = (time.perf_counter(), time.process_time())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        part, (wall, processor) = self._part, self._begin
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - wall
        self.processor_seconds[part] = self.processor_seconds.get(part, 0.0) + time.process_time() - processor

    def result(self) -> dict[str, object]:
        """What every worker prints beside its figures."""
        return {
            "seconds": self.seconds,
            "processor_seconds": self.processor_seconds,
            "memory_mb": peak_memory_mb(),
        }


def peak_memory_mb() -> float:
    """Peak resident memory of this process, MB. On Linux from /proc: getrusage there inherits the parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )

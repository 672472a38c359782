"""Draws charts in a process of its own, so that the engine takes no memory and no time of those who answer readers.

The process starts with the first chart, draws one after another, and ends once it has had nothing to do for some seconds. What is drawn,
and where it is kept, is `pictures`' part.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

IDLE, SECONDS = 20.0, 60.0  # until the process ends by itself; for one chart at most


class NotDrawn(RuntimeError):
    """The chart could not be drawn, or took too long."""


class Drawer:
    """One drawing process, started when it is needed; charts wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None

    def draw(self, chart: dict[str, Any], form: str, number_locale: str, time_locale: str) -> bytes:
        """The chart (Vega-Lite) as `svg` or `png`, or as `script` what draws charts in a browser. Raises NotDrawn."""
        request = {"chart": chart, "form": form, "number": number_locale, "time": time_locale}
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            process = self._running()
            limit = threading.Timer(SECONDS, process.kill)
            limit.daemon = True
            limit.start()
            try:
                return _asked(process, request)
            finally:
                limit.cancel()
                self._idle = threading.Timer(IDLE, self.rest)
                self._idle.daemon = True
                self._idle.start()

    def rest(self) -> None:
        """End the process; the next chart starts another."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cdp_assets.web.drawing_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _asked(process: subprocess.Popen[bytes], request: dict[str, Any]) -> bytes:
    """One request and its answer: a line with the number of bytes, then the bytes."""
    if process.stdin is None or process.stdout is None:
        raise NotDrawn("the drawing process has no pipes")
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        size = int(process.stdout.readline() or b"-1")
        drawn = process.stdout.read(size) if size > 0 else b""
    except (OSError, ValueError) as error:
        raise NotDrawn("the drawing process ended") from error
    if size <= 0 or len(drawn) < size:
        raise NotDrawn("the drawing process could not draw the chart")
    return drawn


DRAWER = Drawer()

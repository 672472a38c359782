"""Makes a new generation ready before its first reader: one process asks every page's questions and draws its charts for all workers.

The process works for whoever holds the lock, at low priority, and leaves the answers in HOME/web/answers, which every worker takes in
before it shows the generation. Readers see the generation before until then, for a minute at most (`published`).
"""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress

from cdp_assets.settings import Settings
from cdp_assets.web import pictures, warmed
from cdp_assets.web.published import SHOWN, Published, current_published, newest_published

LOOK_EVERY = 0.5  # seconds
TIDY_EVERY = 60.0
log = logging.getLogger(__name__)


class Watcher:
    """A thread of the worker; stops with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._version = ""  # that the process makes ready
        self._ready = ""
        self._tidied = 0.0
        with suppress(OSError):
            current_published(settings)  # what this worker shows from its start, until a newer one is ready
        SHOWN.watch(str(settings.published_dir), is_watched=True)
        self._thread = threading.Thread(target=self._watch, name="onefold-warm-up", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        SHOWN.watch(str(self._settings.published_dir), is_watched=False)
        self._thread.join(5)
        self._end_process()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            with suppress(OSError):
                newest = newest_published(self._settings)
                if newest is not None:
                    self._make_ready(newest)
                    current_published(
                        self._settings
                    )  # lets go the files of the one before, with no reader there
                    self._tidy(newest)
            self._stopped.wait(LOOK_EVERY)

    def _make_ready(self, newest: Published) -> None:
        """Take in what was made ready, or see that it is being made; a process that failed keeps nothing back."""
        if newest.version == self._ready:
            return
        is_made = warmed.take_in(self._settings, newest)
        if not is_made and (not _is_first(self._settings) or self._is_at_work(newest)):
            return
        self._end_process()
        self._ready = newest.version
        SHOWN.is_ready(newest.version)

    def _is_at_work(self, newest: Published) -> bool:
        if self._version != newest.version:
            self._end_process()
            self._process, self._version = _started(self._settings), newest.version
        ended = None if self._process is None else self._process.poll()
        if ended:
            log.warning(
                "making a generation ready ended with %s: its first readers wait for their pages", ended
            )
        return ended is None

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _tidy(self, newest: Published) -> None:
        if time.monotonic() - self._tidied > TIDY_EVERY and newest.version == self._ready:
            self._tidied = time.monotonic()
            pictures.forget_others(self._settings, newest)
            warmed.forget_others(self._settings, newest)


def start(settings: Settings) -> Watcher:
    return Watcher(settings)


def _started(settings: Settings) -> subprocess.Popen[bytes]:
    """The process, with this worker's settings on its input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cdp_assets.web.warming_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.write(settings.model_dump_json().encode())
            process.stdin.close()
    return process


_held: dict[str, int] = {}


def _is_first(settings: Settings) -> bool:
    """Whether this worker is the one that makes ready: the first that took the lock, which goes with its process."""
    folder = settings.home / "web"
    if str(folder) in _held:
        return True
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "warm_up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    _held[str(folder)] = descriptor
    return True

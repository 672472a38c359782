"""Looks out for a new generation and makes ready what its first reader would wait for: queries, and pictures of first tabs."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from contextlib import suppress

from starlette.datastructures import QueryParams

from cdp_assets.settings import Settings
from cdp_assets.web import pictures
from cdp_assets.web.access.people import Person, roles
from cdp_assets.web.blocks import Picture, all_blocks
from cdp_assets.web.published import SHOWN, Published, newest_published
from cdp_assets.web.texts import Texts, languages
from cdp_assets.web.view import View

LOOK_EVERY = 1.0  # seconds
log = logging.getLogger(__name__)


class Watcher:
    """A thread of the worker; stops with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopped = threading.Event()
        SHOWN.watch(str(settings.published_dir), is_watched=True)
        self._thread = threading.Thread(target=self._watch, name="onefold-warm-up", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        SHOWN.watch(str(self._settings.published_dir), is_watched=False)

    def _watch(self) -> None:
        seen = ""
        while not self._stopped.is_set():
            with suppress(OSError):
                shown = newest_published(self._settings)
                if shown is not None and shown.version != seen:
                    seen = shown.version
                    self._warm(shown)
                    SHOWN.is_ready(shown.version)
                    pictures.forget_others(self._settings, shown)
            self._stopped.wait(LOOK_EVERY)

    def _warm(self, shown: Published) -> None:
        for language in languages():
            try:
                made = warm(self._settings, shown, language, self._stopped)
            except (
                Exception
            ) as error:  # a page that fails here fails for its reader too, and is reported there
                log.warning("warming up stopped: %s", type(error).__name__)
                return
            if _is_first(self._settings):
                for picture in made:
                    if self._stopped.is_set():
                        return
                    pictures.draw(self._settings, picture.address.rpartition("/")[2], "wide", "svg")


def start(settings: Settings) -> Watcher:
    return Watcher(settings)


def warm(settings: Settings, shown: Published, language: str, stopped: threading.Event) -> list[Picture]:
    """Build every page's first tab once; returns the pictures that stand on them."""
    from cdp_assets.web.navigation import PAGES  # the pages import what this module is made of

    made: list[Picture] = []
    who = Person("warm-up", frozenset(roles()))
    for page in PAGES:
        if stopped.is_set() or not page.group or page.is_personal:
            continue
        view = View(
            settings,
            shown,
            who,
            Texts(language),
            settings.web_base_path.rstrip("/"),
            page.path,
            QueryParams(""),
        )
        made += [
            block for block in all_blocks(next(iter(page.tabs.values()))(view)) if isinstance(block, Picture)
        ]
    return made


_held: list[int] = []


def _is_first(settings: Settings) -> bool:
    """Whether this worker is the one that draws: the first that took the lock, which goes with its process."""
    if _held:
        return True
    folder = settings.home / "web"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "warm_up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    _held.append(descriptor)
    return True

"""`onefold web`: the site on this home's published files, for this machine only unless people sign in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cdp_assets.commands.run import export_settings
from cdp_assets.commands.saying import plain_console
from cdp_assets.settings import Settings
from cdp_assets.web.access.guard import LOCAL

ADDRESS = "127.0.0.1"


def serve_site(*, home: Path | None, host: str, port: int, workers: int, base_path: str | None) -> int:
    """Become the server, until interrupted; returns 1 where the site would stand open to a network without a sign-in."""
    settings = Settings.load(home=home, web_base_path=base_path)
    console = plain_console()
    if host not in LOCAL and settings.web_sign_in == "none":
        console.print(
            f"not started: on {host} others can reach the site, so people have to sign in. Set ONEFOLD_WEB_SIGN_IN to "
            "accounts, oidc or header (deploy/README.md), or leave --host away",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        return 1
    export_settings(settings)
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # of workers: their threads share what the C library keeps
    console.print(
        f"http://{'localhost' if host == ADDRESS else host}:{port}{settings.web_base_path}/", highlight=False
    )
    sys.stdout.flush()
    arguments = [host, str(port), str(workers)]
    os.execv(sys.executable, [sys.executable, "-P", "-m", "cdp_assets.web.serve", *arguments])  # noqa: S606

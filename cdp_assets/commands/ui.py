"""`onefold ui`: the analysts' pages on this home's published files, for this machine only, without a call to the outside."""

from __future__ import annotations

import os
from pathlib import Path

from cdp_assets import pages
from cdp_assets.commands.run import export_settings
from cdp_assets.pages import reveal as reveal_log
from cdp_assets.pages.theme import THEME
from cdp_assets.publishing.generations import current_generation
from cdp_assets.settings import Settings

ADDRESS = "127.0.0.1"
APP = Path(pages.__file__).with_name("app.py")


def serve_pages(*, home: Path | None, port: int, reveal: bool) -> int:
    """Serve the pages until interrupted; returns the exit code. With reveal, identifiers show in clear, and that is logged."""
    settings = Settings.load(home=home)
    export_settings(settings)
    os.environ[reveal_log.ENVIRONMENT] = "1" if reveal else "0"
    if reveal:
        reveal_log.log_reveal(settings, "start", generation=current_generation(settings) or "none")
    _serve(port)
    return 0


def options(port: int) -> dict[str, object]:
    """Streamlit's options, given here so that no configuration file lies about: localhost only, nothing sent home."""
    return {
        "server.address": ADDRESS,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "localhost",
        "browser.serverPort": port,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "global.developmentMode": False,
        **{f"theme.{name}": value for name, value in THEME.items()},
    }


def _serve(port: int) -> None:
    from streamlit import net_util
    from streamlit.web import bootstrap

    from cdp_assets.pages.warm_up import warm_up

    warm_up()
    # When a browser comes from a foreign origin, Streamlit asks a service outside for this machine's address.
    net_util._external_ip = ADDRESS
    flags = {name.replace(".", "_"): value for name, value in options(port).items()}
    bootstrap.load_config_options(flag_options=flags)
    bootstrap.run(str(APP), False, [], flags)

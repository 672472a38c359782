"""`onefold ui` serves this machine only and tells nobody outside."""

from __future__ import annotations

from streamlit import config, net_util
from typer.testing import CliRunner

from cdp_assets.cli import app
from cdp_assets.commands.ui import options


def test_every_option_is_one_that_streamlit_knows() -> None:
    known = config._config_options_template
    assert [name for name in options(8501) if name not in known] == []


def test_the_pages_are_for_this_machine_and_send_nothing_home() -> None:
    chosen = options(8501)
    assert chosen["server.address"] == "127.0.0.1"
    assert chosen["browser.gatherUsageStats"] is False
    assert chosen["client.showErrorDetails"] == "none"


def test_streamlit_still_keeps_the_address_it_would_ask_outside_for() -> None:
    """`onefold ui` fills this private name, so that Streamlit never asks a service for this machine's address."""
    assert hasattr(net_util, "_external_ip")


def test_the_command_explains_itself() -> None:
    shown = CliRunner().invoke(app, ["ui", "--help"])
    assert shown.exit_code == 0
    assert all(option in shown.output for option in ("--home", "--port", "--reveal"))

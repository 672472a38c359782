"""From delivered files to typed Parquet: contracts, readers, quarantine and the ledger.

No Dagster import belongs here, and nothing that joins channels: landing knows one file and its contract at a time. Each name is
imported when it is first asked for: a run needs libraries that a parsing child does not.
"""

from typing import TYPE_CHECKING

from cdp_assets.lazy_names import lazy_names

if TYPE_CHECKING:
    from cdp_assets.landing.check import ChannelCheck, check_channel
    from cdp_assets.landing.contract import (
        ChannelContract,
        ContractProblem,
        Export,
        load_contract,
        load_contracts,
    )
    from cdp_assets.landing.held import HeldFile
    from cdp_assets.landing.inbox import InboxFile, InboxScan, scan_inbox
    from cdp_assets.landing.load import (
        ExportReport,
        LandingReport,
        ensure_empty,
        land_all,
        land_export,
        record_unmatched,
        refresh_current,
    )
    from cdp_assets.landing.replay import ReplayReport, replay_quarantine
    from cdp_assets.landing.retention import Expired, expire
    from cdp_assets.landing.status import ExportStatus, LandingStatus, landing_status

_HOMES = {
    "check": ["ChannelCheck", "check_channel"],
    "contract": ["ChannelContract", "ContractProblem", "Export", "load_contract", "load_contracts"],
    "held": ["HeldFile"],
    "inbox": ["InboxFile", "InboxScan", "scan_inbox"],
    "load": [
        "ExportReport",
        "LandingReport",
        "ensure_empty",
        "land_all",
        "land_export",
        "record_unmatched",
        "refresh_current",
    ],
    "replay": ["ReplayReport", "replay_quarantine"],
    "retention": ["Expired", "expire"],
    "status": ["ExportStatus", "LandingStatus", "landing_status"],
}

__getattr__ = lazy_names(__name__, _HOMES)


__all__ = [
    "ChannelCheck",
    "ChannelContract",
    "ContractProblem",
    "Expired",
    "Export",
    "ExportReport",
    "ExportStatus",
    "HeldFile",
    "InboxFile",
    "InboxScan",
    "LandingReport",
    "LandingStatus",
    "ReplayReport",
    "check_channel",
    "ensure_empty",
    "expire",
    "land_all",
    "land_export",
    "landing_status",
    "load_contract",
    "load_contracts",
    "record_unmatched",
    "refresh_current",
    "replay_quarantine",
    "scan_inbox",
]

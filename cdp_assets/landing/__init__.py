"""From delivered files to typed Parquet: contracts, readers, quarantine and the ledger.

No Dagster import belongs here, and nothing that joins channels: landing knows one file and its contract at a time.
"""

from cdp_assets.landing.checking import ChannelCheck, check_channel
from cdp_assets.landing.contract import (
    ChannelContract,
    ContractProblem,
    Export,
    load_contract,
    load_contracts,
)
from cdp_assets.landing.drafting import ChannelDraft, draft_channel
from cdp_assets.landing.held import HeldFile
from cdp_assets.landing.inbox import InboxFile, InboxScan, scan_inbox
from cdp_assets.landing.loading import (
    ExportReport,
    LandingReport,
    ensure_empty,
    land_all,
    land_export,
    record_unmatched,
)
from cdp_assets.landing.replaying import ReplayReport, replay_quarantine
from cdp_assets.landing.status import ExportStatus, LandingStatus, landing_status

__all__ = [
    "ChannelCheck",
    "ChannelContract",
    "ChannelDraft",
    "ContractProblem",
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
    "draft_channel",
    "ensure_empty",
    "land_all",
    "land_export",
    "landing_status",
    "load_contract",
    "load_contracts",
    "record_unmatched",
    "replay_quarantine",
    "scan_inbox",
]

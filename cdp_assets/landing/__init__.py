"""From delivered files to typed Parquet: contracts, readers, quarantine and the ledger.

No Dagster import belongs here, and nothing that joins channels: landing knows one file and its contract at a time. Drafting, checking and
replaying are imported from their own modules: they need libraries that a run does not.
"""

from cdp_assets.landing.contract import (
    ChannelContract,
    ContractProblem,
    Export,
    load_contract,
    load_contracts,
)
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
from cdp_assets.landing.status import ExportStatus, LandingStatus, landing_status

__all__ = [
    "ChannelContract",
    "ContractProblem",
    "Export",
    "ExportReport",
    "ExportStatus",
    "HeldFile",
    "InboxFile",
    "InboxScan",
    "LandingReport",
    "LandingStatus",
    "ensure_empty",
    "land_all",
    "land_export",
    "landing_status",
    "load_contract",
    "load_contracts",
    "record_unmatched",
    "scan_inbox",
]

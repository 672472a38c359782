"""From a sample of an export to a drafted contract, dbt sources and staging models: `onefold channel new`.

Stands above landing; nothing depends on it but the command line.
"""

from cdp_assets.drafting.draft import ChannelDraft, draft_channel

__all__ = ["ChannelDraft", "draft_channel"]

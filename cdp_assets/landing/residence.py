"""Where data must stay: a contract may say the region of its data, and a home holds one region. What belongs elsewhere is held, not landed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cdp_assets.errors import Problem
from cdp_assets.landing.held import HeldFile
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.wording import counted

if TYPE_CHECKING:
    from cdp_assets.landing.contract import ChannelContract
    from cdp_assets.landing.inbox import InboxFile, InboxScan


class ResidenceProblem(Problem):
    """A home that shall hold another region than it does."""


def hold_strangers(settings: Settings, contracts: Mapping[str, ChannelContract], scan: InboxScan) -> None:
    """Hold files whose contract's residence is not this home's region; `scan.residence` is the region of what stays to land.

    Raises ResidenceProblem where the setting was changed after the first such file landed.
    """
    homes = {name: each.facts.residence for name, each in contracts.items() if each.facts.residence}
    if not homes and settings.region is None:
        return
    region = _settled(settings)
    for (channel, export), files in scan.files.items():
        residence = homes.get(channel)
        if residence and residence != region:
            scan.held += [_held(file, residence, region) for file in files]
            scan.files[channel, export] = []
        elif residence and files:
            scan.residence = residence


def _settled(settings: Settings) -> str | None:
    """The home's region: what it holds, else what is set; both must agree."""
    holding = region_of(settings)
    if holding and settings.region and holding != settings.region:
        raise ResidenceProblem(
            f"the home holds data of {holding}, and its region shall be {settings.region}",
            "ONEFOLD_REGION",
            f"set it to {holding}, or use a home of its own for {settings.region}",
        )
    return holding or settings.region


def region_of(settings: Settings) -> str | None:
    """The region whose data the home holds; None while nothing says it."""
    if not settings.state_path.exists():
        return None
    with connect_state(settings, read_only=True) as con:
        row = con.execute("select region from home_region").fetchone()
    return row[0] if row else None


def misplaced(settings: Settings, contracts: Mapping[str, ChannelContract]) -> list[str]:
    """Channels of which something landed before their contract said that their data stay elsewhere; one line each. Their new files are held."""
    homes = {name: each.facts.residence for name, each in contracts.items() if each.facts.residence}
    if not homes or not settings.state_path.exists():
        return []
    region = region_of(settings) or settings.region
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select channel, count(*), coalesce(sum(landed_rows), 0)::bigint from loads where status = 'landed' group by all order by all"
        ).fetchall()
    return [
        f"{channel}: its contract says that its data stay in {homes[channel]}, and this home holds {region or 'no stated region'}: "
        f"{counted(files, 'files')} with {counted(rows, 'rows')} of before lie here, and new ones are held; "
        f"land them in a home whose ONEFOLD_REGION is {homes[channel]} and remove this one's, or correct `residence` in the contract"
        for channel, files, rows in rows
        if homes.get(channel) and homes[channel] != region
    ]


def _held(file: InboxFile, residence: str, region: str | None) -> HeldFile:
    return HeldFile(
        file.channel,
        file.export,
        file.file_name,
        file.size_bytes,
        "wrong_region",
        f"its contract says that its data stay in {residence}, and this home holds {region or 'no stated region'}",
        f"deliver it to a home whose ONEFOLD_REGION is {residence}, or correct `residence` in the channel's contract",
    )

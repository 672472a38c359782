"""What a home owes to people's requests before anything else is done with it: called by every start of a run and of `onefold rights`."""

from __future__ import annotations

from cdp_assets.rights import answers, inbox, showing
from cdp_assets.rights.erasure import resume
from cdp_assets.settings import Settings


def upkeep(settings: Settings) -> list[str]:
    """End what a killed erasure began, remove answers that expired, take what was decided on the page; what was done, in words."""
    said = resume(settings)
    if gone := answers.expire(settings):
        said.append(f"{gone} answers to requests of access expired: removed")
    if said:
        showing.show(settings)
    return [*said, *inbox.take(settings)]

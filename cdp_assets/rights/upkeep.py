"""What a home owes to people's requests before anything else is done with it: called by every start of a run and of `onefold rights`."""

from __future__ import annotations

from datetime import UTC, datetime

from cdp_assets.rights import answers, certificate, inbox, outside, receipts, retention, showing
from cdp_assets.rights.erasure import end_holds, resume
from cdp_assets.rights.refusals import do_again
from cdp_assets.settings import Settings
from cdp_assets.sharing import intersection


def upkeep(settings: Settings) -> list[str]:
    """Bring back what was asked and a restored backup lacks, end what a killed erasure began and what was held until now, remove answers, certificates,
    files of intersections and rows of state whose time is over, take what was decided on the page; in words.
    """
    today = datetime.now(UTC).date()
    said = [*after_restore(settings), *end_holds(settings, today)]
    if count := certificate.expire(settings, today):
        said.append(
            f"{count} certificates of erasures are past their retention (ONEFOLD_KEEP_CERTIFICATES_DAYS) and gone"
        )
    said += [
        f"{rows:,} rows of {table} are past their retention (ONEFOLD_RETENTION) and gone"
        for table, rows in retention.expire(settings, today).items()
    ]
    if gone := answers.expire(settings):
        said.append(f"{gone} answers to requests of access expired: removed")
    if gone := intersection.expire(settings, datetime.now(UTC)):
        said.append(f"{gone} files of private intersections are older than ONEFOLD_PSI_DAYS: removed")
    if said:
        showing.show(settings)
    said += inbox.take(settings)
    outside.enter(settings)
    receipts.issue(settings)
    return said


def after_restore(settings: Settings) -> list[str]:
    """What the list outside backups knows and state does not, and what a killed erasure began; in words."""
    return [
        *outside.bring_back(settings),
        *do_again(settings),
        *resume(settings),
        *outside.let_in_again(settings),
    ]

"""Which format a sample's times have: each that the drafts know is recognised as itself."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.drafting.times import DAYS, TIMES, parses


@given(
    st.sampled_from(DAYS + TIMES),
    st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)),
)
def test_a_time_is_read_by_the_format_that_wrote_it(format_: str, moment: datetime) -> None:
    written = moment.replace(tzinfo=UTC).strftime(
        format_.replace("%n", "%f0")
    )  # Python writes six digits of a second
    assert parses(written, format_)
    assert not parses(written + " and more", format_)
    assert not parses(written.replace(":", "-", 1), format_) or ":" not in written


def test_utc_may_be_written_as_a_letter() -> None:
    assert parses("2017-03-01T10:00:00Z", "%Y-%m-%dT%H:%M:%S%z")
    assert not parses("2017-03-01T10:00:00Z", "%Y-%m-%dT%H:%M:%S")

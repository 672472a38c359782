"""Persons of the simulated retailer who ask for something by right: OUT/requests.csv, for `onefold rights import`, and the true answer.

They are drawn out of what is simulated, and nothing is simulated otherwise for them: no delivered file changes. A request names its person by a
record of hers; then somebody of before asks again, and two whom no channel knows: one is nobody, the other visited a stand at a trade fair,
whose list lies in the inbox, in the folder of no channel (`leads`). The first who asks stands on that list, too, where one of it can be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.leads import TRUTH as LEADS
from cdp_assets.sql_text import from_file, literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

FILE, TRUTH = "requests.csv", "requests.parquet"
KINDS = ("erase", "access", "restrict", "object", "opt-out", "erase")
JURISDICTIONS = ("gdpr", "gdpr", "gdpr", "pipl", "ccpa", "ccpa")
AGAIN, UNKNOWN, UNREAD = "again", "unknown", "unread"


def write_requests(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write OUT/requests.csv and OUT/truth/requests.parquet, from the truth of records; fewer persons than kinds give fewer requests.

    Grain of both: one per request. Asked are persons whom several channels know, the same ones for the same seed.
    """
    sql = from_file(
        __name__,
        "asking",
        records=literal(out / "truth" / "records.parquet"),
        leads=literal(out / "truth" / LEADS),
        again=literal(AGAIN),
        unknown=literal(UNKNOWN),
        unread=literal(UNREAD),
    )
    con.execute(sql, {"kinds": list(KINDS), "laws": list(JURISDICTIONS)})
    truth = "request_id, kind, why, record, email, person_id, support_id, supported_records, true_records, unread_rows"
    con.execute(
        f"copy (select {truth} from asking order by number) to {literal(out / 'truth' / TRUTH)} (format parquet)"
    )
    con.execute(
        f"copy (select kind, record, email, jurisdiction, request_id from asking order by number) to {literal(out / FILE)} (format csv, header)"
    )
    (out / FILE).chmod(0o600)

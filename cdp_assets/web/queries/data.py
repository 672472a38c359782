"""What the Data page asks: the landing ledger per channel, quarantine, held files. The dictionary comes from the file itself."""

from __future__ import annotations

import pandas as pd

from cdp_assets.web.published import Published


def channels(shown: Published) -> pd.DataFrame:
    """One row per channel and export: files and rows by what became of them."""
    return shown.ask(
        """
        select
            channel, export,
            count(*) filter (where status = 'landed') as landed_files,
            count(*) filter (where status = 'held') as held_files,
            count(*) filter (where status = 'duplicate_file') as duplicate_files,
            sum(parsed_rows) filter (where status = 'landed') as parsed_rows,
            sum(landed_rows) filter (where status = 'landed') as landed_rows,
            sum(quarantined_rows) filter (where status = 'landed') as quarantined_rows,
            sum(duplicate_rows) filter (where status = 'landed') as duplicate_rows,
            sum(erased_rows) filter (where status = 'landed') as erased_rows,
            sum(anonymised_rows) filter (where status = 'landed') as anonymised_rows,
            max(landed_at) filter (where status = 'landed') as last_landed_at
        from ops_loads
        group by channel, export
        order by channel, export
        """
    )


def loads(shown: Published, channel: str | None) -> pd.DataFrame:
    """The ledger, newest first. One row per delivered file."""
    return shown.ask(
        """
        select landed_at, channel, export, file_name, status, period, parsed_rows, landed_rows, quarantined_rows, duplicate_rows,
            erased_rows, anonymised_rows, reason_code, remedy, is_current, load_id
        from ops_loads
        where $1 is null or channel = $1
        order by landed_at desc, channel, export, file_name
        """,
        channel,
    )


def quarantine(shown: Published) -> pd.DataFrame:
    """Rows that broke a contract. One row per channel, export, reason and column."""
    return shown.ask(
        """
        select channel, export, reason_code, column_name, sum(quarantined_rows) as quarantined_rows, count(*) as files
        from ops_quarantine_summary
        group by channel, export, reason_code, column_name
        order by quarantined_rows desc, channel, export
        """
    )


def held(shown: Published) -> pd.DataFrame:
    """Files that wait in the inbox, and what to do. One row per file."""
    return shown.ask(
        "select channel, file_name, reason_code, detail, remedy, size_bytes, seen_at from ops_held_files order by channel, file_name"
    )

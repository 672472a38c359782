"""From delivered files to typed Parquet: contracts, readers, quarantine and the ledger.

No Dagster import belongs here, and nothing that joins channels: landing knows one file and its contract at a time.
"""

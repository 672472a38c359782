"""Labelled data sets in the shared customers shape: tables records and truth (source_customer_id, person) in a DuckDB file.

Only renaming and joining of columns belongs here: all sets meet the same configuration.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

HOUSEHOLD_SETS = (
    "febrl1",
    "febrl2",
    "febrl3",
    "febrl4",
    "fake_1000",
    "child_care",
    "senzing",
    "pseudopeople",
)
# FEBRL with fewer columns, as many real files are: what is left out stays empty.
LEFT_OUT = {
    "no_id": ("national_id",),
    "name_birth_city": ("national_id", "street", "postcode", "region"),
    "name_address": ("national_id", "birth_date"),
}
REDUCED_SETS = tuple(f"febrl3_{name}" for name in LEFT_OUT)


# Sets that packages carry: bench_identity has them written by a Python that has the packages (make_sets).
PACKAGED_SETS = ("febrl4", "pseudopeople")
MADE = Path(__file__).resolve().parent.parent / "out" / "sets"


def write(name: str, shared: Path, target: Path, home: Path | None = None, truth: Path | None = None) -> int:
    """Write data set `name` to the DuckDB file `target`; returns its records.

    Table own: the set's own columns beside channel and source_customer_id, for peers that are fed with them; a retailer has none.
    """
    con = duckdb.connect(str(target))
    con.execute("create schema identity")
    data = shared / "data"
    if name.startswith("febrl"):
        packaged = MADE / "febrl4" / "dataset4?.csv"
        _febrl(con, packaged if name == "febrl4" else data / "febrl" / f"dataset{name[5]}.csv")
        for column in LEFT_OUT.get(name[7:], ()):
            con.execute(f"alter table identity.customer_records drop column {column}")
    elif name == "fake_1000":
        _fake(con, data / "splink_fake_1000" / "fake_1000.csv")
    elif name == "child_care":
        _child_care(con, data / "dedupe_csv_example" / "csv_example_input_with_true_ids.csv")
    elif name == "senzing":
        _senzing(con, data / "senzing_truthset")
    elif name == "pseudopeople":
        _pseudopeople(con, MADE / "pseudopeople")
    elif home and truth:
        _retailer(con, home, truth)
    else:
        raise SystemExit(
            f"{name} is no set: {', '.join((*HOUSEHOLD_SETS, *REDUCED_SETS))} or retailer_PERSONS"
        )
    if name in REDUCED_SETS:  # their point is what is left out
        con.execute("drop table own")
    count = con.execute("select count(*) from identity.customer_records").fetchall()[0][0]
    con.close()
    return int(count)


def _febrl(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(
        f"""
        create table identity.customer_records as
        select
            'febrl' as channel, trim(rec_id) as source_customer_id, 'account' as record_kind,
            nullif(trim(given_name), '') as given_name, nullif(trim(surname), '') as family_name,
            nullif(trim(concat_ws(' ', trim(street_number), trim(address_1))), '') as street,
            nullif(trim(suburb), '') as city, nullif(trim(postcode), '') as postcode, nullif(trim(state), '') as region,
            nullif(trim(date_of_birth), '') as birth_date, nullif(trim(soc_sec_id), '') as national_id,
        from read_csv('{path}', all_varchar = true);
        create table own as
        select 'febrl' as channel, trim(rec_id) as source_customer_id, * exclude (rec_id) from read_csv('{path}', all_varchar = true);
        create table truth as
        select channel, source_customer_id, regexp_extract(source_customer_id, 'rec-([0-9]+)-', 1) as person_id
        from identity.customer_records
        """
    )


def _pseudopeople(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Seven sources of one simulated town, a channel each; one of them writes dates as MMDDYYYY, which its contract would say."""
    con.execute(
        f"""
        create table raw as
        select *, parse_filename(filename, true) as channel, row_number() over ()::varchar as source_customer_id
        from read_csv('{folder}/*.csv', all_varchar = true, union_by_name = true, filename = true);
        create table identity.customer_records as
        select
            channel, source_customer_id, 'account' as record_kind, first_name as given_name, last_name as family_name,
            case when channel = 'women_infants_and_children'
                then regexp_replace(date_of_birth, '^(..)(..)(....)$', '\\1/\\2/\\3') else date_of_birth end as birth_date,
            lower(sex) as gender, ssn as national_id,
            nullif(concat_ws(' ', coalesce(street_number, mailing_address_street_number), coalesce(street_name,
                mailing_address_street_name), coalesce(unit_number, mailing_address_unit_number),
                'po box ' || mailing_address_po_box), '') as street,
            coalesce(city, mailing_address_city) as city, coalesce(state, mailing_address_state) as region,
            coalesce(zipcode, mailing_address_zipcode) as postcode, 'US' as country,
        from raw;
        create table own as select * exclude (simulant_id, household_id, filename) from raw;
        create table truth as select channel, source_customer_id, simulant_id as person_id from raw
        """
    )


def _fake(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(
        f"""
        create table identity.customer_records as
        select
            'fake' as channel, unique_id as source_customer_id, 'account' as record_kind,
            first_name as given_name, surname as family_name, dob as birth_date, city, email,
        from read_csv('{path}', all_varchar = true);
        create table own as
        select 'fake' as channel, unique_id as source_customer_id, * exclude (unique_id, cluster)
        from read_csv('{path}', all_varchar = true);
        create table truth as
        select 'fake' as channel, unique_id as source_customer_id, cluster as person_id
        from read_csv('{path}', all_varchar = true)
        """
    )


def _child_care(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute(
        f"""
        create table sites as select * from read_csv('{path}', all_varchar = true, header = true, quote = '"', new_line = '\\n');
        create table identity.customer_records as
        select
            'site' as channel, "Id" as source_customer_id, 'account' as record_kind, trim("Site name") as full_name,
            trim("Address") as street, nullif(trim("Zip"), '') as postcode, nullif(trim("Phone"), '') as phone,
            nullif(trim("Email Address"), '') as email, 'US' as country,
        from sites qualify row_number() over (partition by "Id" order by "True Id") = 1;
        create table own as
        select 'site' as channel, "Id" as source_customer_id, * exclude ("Id", "True Id") from sites
        qualify row_number() over (partition by "Id" order by "True Id") = 1;
        create table truth as
        select 'site' as channel, "Id" as source_customer_id, "True Id" as person_id from sites
        qualify row_number() over (partition by "Id" order by "True Id") = 1
        """
    )


def _senzing(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    con.execute(
        f"""
        create table raw as
        select * from read_csv(['{folder}/customers.csv', '{folder}/reference.csv', '{folder}/watchlist.csv'], all_varchar = true,
            union_by_name = true);
        create table identity.customer_records as
        select
            lower("DATA_SOURCE") as channel, "RECORD_ID" as source_customer_id, 'account' as record_kind,
            coalesce("NATIVE_NAME_FULL", "PRIMARY_NAME_FULL", "PRIMARY_NAME_ORG") as full_name,
            "PRIMARY_NAME_FIRST" as given_name, "PRIMARY_NAME_LAST" as family_name, "DATE_OF_BIRTH" as birth_date,
            "GENDER" as gender, "EMAIL_ADDRESS" as email, "PHONE_NUMBER" as phone,
            coalesce("NATIONAL_ID_NUMBER", "SSN_NUMBER", "PASSPORT_NUMBER", "DRIVERS_LICENSE_NUMBER") as national_id,
            coalesce("ADDR_LINE1", "ADDR_FULL") as street, "ADDR_CITY" as city, "ADDR_STATE" as region,
            "ADDR_POSTAL_CODE" as postcode, "ADDR_COUNTRY" as country,
        from raw;
        create table own as
        select lower("DATA_SOURCE") as channel, "RECORD_ID" as source_customer_id, * exclude ("DATA_SOURCE", "RECORD_ID") from raw;
        create table truth as
        select lower("DATA_SOURCE") as channel, "RECORD_ID" as source_customer_id, "CLUSTER_ID" as person_id
        from read_csv('{folder}/actual_truthset_key.csv', all_varchar = true)
        """
    )


def _retailer(con: duckdb.DuckDBPyConnection, home: Path, truth: Path) -> None:
    """The records that staging made of the simulated files; truth stays where it is (traps and supported pairs included)."""
    con.execute(f"attach '{home / 'warehouse.duckdb'}' as built (read_only)")
    for table in ("customer_records", "customer_links", "customer_activity"):
        con.execute(f"create table identity.{table} as from built.identity.{table}")
    con.execute("detach built")
    from cdp_assets.keys import DEMO_KEY, register_pseudonym

    register_pseudonym(con, DEMO_KEY)
    con.execute(
        f"""
        create table truth as
        select channel, person_id, coalesce(source_customer_id::varchar,
            pseudonym('customer' || chr(31) || channel || chr(31) || natural_key)) as source_customer_id
        from read_parquet('{truth / "records.parquet"}')
        """
    )

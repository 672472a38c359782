"""Paths and knobs of one Onefold home, read from the environment.

Only settings that a user may change belong here; constants of a rule live beside that rule.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ByteSize, Field, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cdp_assets.errors import Problem
from cdp_assets.project import place

PROJECT_DIR = (
    Path(__file__).resolve().parent.parent
)  # of a clone; an installed package has its project elsewhere
PARSER_MEMORY = "1GB"  # a file of any size lands within it
ODD_IN_PATHS = "'\"`[]{}*?#%;$\\|<>"


@cache
def memory_share() -> str:
    """A quarter of what DuckDB may use here (it sees a container's limit too), between 1 and 3 GB."""
    import duckdb  # only where the limit is not set: not every process that reads settings needs it

    with duckdb.connect() as con:
        (all_of_it,) = con.execute("select current_setting('memory_limit')").fetchone() or ("4GB",)
    return f"{min(max(_bytes(all_of_it) // 4_000_000, 1_000), 3_000)}MB"


def _bytes(size: str) -> int:
    return TypeAdapter(ByteSize).validate_python(size)


class SettingsProblem(Problem):
    """A setting that cannot be used: which, and what it must be; never its value."""


class Settings(BaseSettings):
    """Settings of one home. Every field can be set as `ONEFOLD_<FIELD>`, for example `ONEFOLD_HOME=/srv/onefold`."""

    model_config = SettingsConfigDict(env_prefix="ONEFOLD_", extra="ignore")

    project: Path | None = Field(
        default=None,
        description="The project that `onefold init` laid (default: the nearest at or above the working directory, or the clone).",
    )
    home: Path = Field(
        default_factory=lambda given: place.find_project(given.get("project")) / "data" / "home",
        description="Where everything that Onefold keeps lives (default: data/home in the project).",
    )
    inbox: Path | None = Field(
        default=None, description="Where channels deliver: <inbox>/<channel>/… (default: HOME/inbox)."
    )
    key: str | None = Field(
        default=None, description="Secret for record keys; else the file HOME/key is used.", repr=False
    )
    as_of_date: date | None = Field(
        default=None, description="The run's date; default: latest business date landed."
    )
    business_time_zone: str = Field(
        default="UTC", description="IANA zone that decides which day an event belongs to."
    )
    reporting_currency: str = Field(
        default="USD", description="ISO 4217 code in which money of all currencies is compared."
    )
    memory_limit: str = Field(
        default_factory=memory_share,
        description="DuckDB's memory limit per connection, such as '2GB' (default: a quarter of the machine's, 1 to 3 GB).",
    )
    threads: int = Field(default=2, ge=1, description="DuckDB's and dbt's threads.")
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb",
        description="What builds the dbt models and weighs pairs: duckdb, or spark (docs/spark.md).",
    )
    spark_address: str = Field(
        default="local[2]",
        description="Where Spark runs: local[4], or spark://host:7077 with the home on a disk that all workers see.",
    )
    spark_patience: float = Field(
        default=300,
        gt=0,
        description="Seconds that work may wait on Spark without any worker doing any of it, before the run gives up.",
    )
    nightly: bool = Field(
        default=False, description="Dagster's daemon starts the job `nightly` at 02:00 without being told to."
    )
    keep_generations: int = Field(default=3, ge=1, description="Published generations that stay on disk.")
    keep_runs: int = Field(
        default=60,
        ge=1,
        description="Runs whose record and log stay; older ones are removed.",
    )
    keep_history: int = Field(
        default=14,
        ge=1,
        description="Finished runs that Dagster's history keeps, seven megabytes each; older ones are removed.",
    )
    erasure_manifest: Path | None = Field(
        default=None,
        description="Where erasures are listed (keyed hashes) for restored backups (default: HOME/rights/erasures.jsonl; better: another disk).",
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2,8}$",
        description="Region whose data this home holds, such as EU: files of contracts with another residence are held.",
    )
    retention: str = Field(
        default="",
        description="Days that rows of state stay, by class or table: 'core=1095,lifecycle_by_date=730' (default: for ever).",
    )
    share_epsilon: float = Field(
        default=4.0,
        gt=0,
        description="Epsilon that a person may be charged per year for one partner's tables.",
    )
    share_delta: float = Field(
        default=1e-5,
        ge=0,
        le=1e-3,
        description="Delta that a person may be charged per year for one partner.",
    )
    psi_most: int = Field(
        default=1_000_000, ge=1000, description="Contacts that a set of a private intersection may have."
    )
    psi_days: int = Field(
        default=30,
        ge=1,
        description="Days that files of a private intersection stay: requests, their secrets, answers, lists of what both have.",
    )
    backup_keys: Path | None = Field(
        default=None,
        description="Folder of the keys of encrypted backups: on another disk than the home and the backups.",
    )
    backup_key_days: int = Field(
        default=30, ge=1, description="Days after which encrypted backups get a new key."
    )
    keep_backup_keys_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after which a key is destroyed, and every backup under it with it (default: never by itself).",
    )
    smallest_cell: int = Field(
        default=5,
        ge=0,
        description="People that a cell of an aggregate must count: smaller ones go when generations are written again without somebody (0: none).",
    )
    platform_days: int = Field(
        default=90,
        ge=1,
        description="Days that platforms have to acknowledge that an erased person is removed; then her keys are destroyed and the certificate says who never did.",
    )
    keep_certificates_days: int | None = Field(
        default=None,
        ge=1,
        description="Days that certificates of erasures stay after they are final (default: for ever).",
    )
    answer_days: int = Field(
        default=30, ge=1, description="Days that the answer to a request of access stays to be fetched."
    )
    answer_language: str = Field(
        default="en", description="Language of such an answer where the request names none: en or zh."
    )
    strict: bool = Field(default=False, description="A run with held files exits 3.")
    group_readable: bool = Field(default=False, description="The home's group may read the masked marts.")
    accept_identity_change: bool = Field(
        default=False, description="Publish although more identities change than the limits allow (recorded)."
    )
    retrain: bool = Field(
        default=False, description="This run trains a new identity model (`onefold train`)."
    )
    as_of_channel_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the living channels that must have reached the default date.",
    )
    as_of_day_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Where one channel decides the default date alone: the share of a usual day's rows that its day must have.",
    )
    start_over: bool = Field(
        default=False, description="Make a new state in a home that lost its own (recorded)."
    )
    accept_expiry: bool = Field(
        default=False, description="Remove originals past their retention although they are many (recorded)."
    )
    accept_shrink: str | None = Field(
        default=None,
        description="Marts that may shrink beyond their limit in this run: names with commas, or 'all'.",
    )
    alert_webhook: str | None = Field(
        default=None, description="URL that gets JSON when a run fails.", repr=False
    )
    alert_mail: str | None = Field(
        default=None, description="Addresses, with commas, mailed when a run fails."
    )
    alert_mail_from: str = Field(default="onefold@localhost", description="Sender of these mails.")
    smtp_host: str = Field(default="localhost", description="Mail server for alerts.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="Its port; 587 and 465 speak TLS.")
    smtp_user: str | None = Field(
        default=None, description="Log-in at the mail server, only ever sent over TLS."
    )
    smtp_password: str | None = Field(default=None, description="Its password.", repr=False)

    web_sign_in: Literal["none", "accounts", "oidc", "header"] = Field(
        default="none",
        description="How people sign in at the site; 'none': one local user, on this machine only.",
    )
    web_hosts: str = Field(
        default="",
        description="Names that the site answers to beside localhost, with commas: 'data.example.com'.",
    )
    web_base_path: str = Field(
        default="", description="Path below which a proxy serves the site, such as '/onefold'."
    )
    web_trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of proxies whose headers count, with commas: '127.0.0.1,10.0.0.0/24'.",
    )
    web_user_header: str = Field(
        default="X-Forwarded-User", description="Header in which a trusted proxy names the person."
    )
    web_groups_header: str = Field(
        default="X-Forwarded-Groups", description="Header in which it names the person's groups."
    )
    web_group_roles: str = Field(
        default="",
        description="Roles by group of the proxy or the issuer: 'crm=steward,crm=analyst,legal=privacy_officer'.",
    )
    web_oidc_issuer: str = Field(
        default="", description="Issuer of OpenID Connect: 'https://login.example.com'."
    )
    web_oidc_client_id: str = Field(default="", description="The site's client id there.")
    web_oidc_client_secret: str | None = Field(default=None, description="Its secret.", repr=False)
    web_oidc_name_claim: str = Field(
        default="preferred_username",
        description="Claim that names the person: one that people cannot change themselves.",
    )
    web_oidc_groups_claim: str = Field(default="groups", description="Claim that lists the person's groups.")
    web_is_secure: bool = Field(
        default=False, description="The site is reached by https: its cookies are for https only."
    )
    web_session_hours: float = Field(default=10, gt=0, description="Hours after which people sign in anew.")

    @field_validator("project", "home", "inbox", "erasure_manifest", "backup_keys")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("home")
    @classmethod
    def _usable_home(cls, path: Path) -> Path:
        odd = sorted({char for char in str(path) if char in ODD_IN_PATHS or not char.isprintable()})
        if odd:
            raise ValueError(
                f"the path holds {' '.join(map(repr, odd))}: choose a home without quotes, brackets, wildcards, line breaks and the "
                "like; DuckDB, SQLite and dbt would read them as something else (spaces and letters of any script are fine)"
            )
        return path

    @field_validator("alert_webhook")
    @classmethod
    def _web_address(cls, url: str | None) -> str | None:
        if url and not re.fullmatch(r"https?://[^\s/?#@\x00-\x1f]+(?:[/?#][!-~]*)?", url):
            raise ValueError(
                "set an http or https address without spaces, line breaks or a log-in before the host"
            )
        return url or None

    @field_validator("alert_mail", "alert_mail_from")
    @classmethod
    def _mail_addresses(cls, addresses: str | None) -> str | None:
        odd = [
            a
            for a in (addresses or "").split(",")
            if not re.fullmatch(r" *[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+ *", a)
        ]
        if addresses and odd:
            raise ValueError("set plain addresses such as on.call@example.com, with commas between them")
        return addresses or None

    @field_validator("smtp_host")
    @classmethod
    def _host_name(cls, host: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9.:_-]+", host):
            raise ValueError("set a host name or an IP address")
        return host

    @field_validator("business_time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except Exception as error:
            raise ValueError(f"{zone!r} is no IANA time zone; set one such as 'Europe/London'") from error
        return zone

    @field_validator("reporting_currency")
    @classmethod
    def _currency_code(cls, code: str) -> str:
        if len(code) != 3 or not code.isalpha():
            raise ValueError(f"{code!r} is no ISO 4217 currency code; set one such as 'USD'")
        return code.upper()

    @field_validator("memory_limit")
    @classmethod
    def _size_with_unit(cls, size: str) -> str:
        try:
            enough = _bytes(size) >= 100_000_000
        except ValueError:
            enough = False
        if not enough:
            raise ValueError(f"{size!r} is no size of at least 100 MB with its unit; set one such as '2GB'")
        return size

    @classmethod
    def load(cls, **overrides: object) -> Settings:
        """Settings from the environment, with explicit overrides (None means: not given). Raises SettingsProblem."""
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)
            names = ["ONEFOLD_" + "_".join(map(str, each["loc"])).upper() for each in wrong]
            remedies = [each["msg"].removeprefix("Value error, ") for each in wrong]
            raise SettingsProblem(
                "a setting cannot be used", ", ".join(names), "; ".join(remedies)
            ) from None  # pydantic quotes the values

    @property
    def duckdb_limits(self) -> dict[str, str | bool | int | float | list[str]]:
        """Configuration that a DuckDB connection of a run opens with. What does not fit the memory is spilled in the home, where an erasure finds it."""
        spill = str(self.home / "spill.duckdb.tmp")
        return {"memory_limit": self.memory_limit, "threads": self.threads, "temp_directory": spill}

    @property
    def parser_memory_limit(self) -> str:
        return min(self.memory_limit, PARSER_MEMORY, key=_bytes)

    @property
    def inbox_dir(self) -> Path:
        return self.inbox or self.home / "inbox"

    @property
    def landing_dir(self) -> Path:
        return self.home / "landing"

    @property
    def originals_dir(self) -> Path:
        return self.landing_dir / "_originals"

    @property
    def quarantine_dir(self) -> Path:
        return self.landing_dir / "_quarantine"

    @property
    def state_path(self) -> Path:
        return self.home / "state.duckdb"

    @property
    def warehouse_path(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published_dir(self) -> Path:
        return self.home / "published"

    @property
    def runs_dir(self) -> Path:
        return self.home / "runs"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def dagster_dir(self) -> Path:
        return self.home / "dagster"

    @property
    def dbt_target_dir(self) -> Path:
        return self.home / "dbt_target"

    def business_day(self, at: datetime | None = None) -> date:
        """The day that it is at a moment (UTC without a zone; default: now) where the business is."""
        moment = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
        return moment.astimezone(ZoneInfo(self.business_time_zone)).date()

    def business_noon(self, day: date) -> datetime:
        """Noon of a day where the business is, UTC without a zone."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(self.business_time_zone))
        return noon.astimezone(UTC).replace(tzinfo=None)

    @property
    def project_dir(self) -> Path:
        """The project that the user owns. Raises ProjectProblem where there is none."""
        return place.find_project(self.project)

    @property
    def dbt_project_dir(self) -> Path:
        return self.project_dir / "dbt_project"

    @property
    def channels_dir(self) -> Path:
        """Where the project's own contracts stand, and where drafts are written."""
        return place.channels_dir(self.project_dir)

    @property
    def contract_dirs(self) -> tuple[Path, ...]:
        """The contracts that Onefold ships, then the project's own, which replace shipped ones of the same name."""
        return tuple(dict.fromkeys((place.SHIPPED_CHANNELS, self.channels_dir)))

    def contract_path(self, channel: str) -> Path:
        """The contract in force for a channel: the project's own, else the shipped one."""
        own = self.channels_dir / f"{channel}.yaml"
        shipped = place.SHIPPED_CHANNELS / f"{channel}.yaml"
        return shipped if shipped.exists() and not own.exists() else own

    @property
    def reference_dir(self) -> Path:
        return self.project_dir / "data" / "reference"

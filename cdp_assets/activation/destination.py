"""What a destination's YAML says, read strictly: identifiers, consent, regions, floors, and the file that its uploader takes.

How a file is written is `rendering`; which platform wants what, with sources and traps, is docs/destinations.md and the YAMLs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cdp_assets import safe_yaml
from cdp_assets.activation.audience import Name, Purpose, wrong_places
from cdp_assets.activation.normalise import HASHES, NORMALISERS
from cdp_assets.activation.problems import ActivationProblem, files_in, not_yaml, refuse_other_ending
from cdp_assets.activation.templates import wrong_placeholders
from cdp_assets.project.place import PACKAGE_DIR
from cdp_assets.settings import Settings

SHIPPED = PACKAGE_DIR / "destinations"
CONVERSIONS = "conversions"  # stands for the audience in names of lists and folders


def _is_country(code: str) -> str:
    import phonenumbers  # only where a YAML names a country

    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{code!r} is no country of ISO 3166: two capital letters, such as GB")
    return code


Country = Annotated[str, AfterValidator(_is_country)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Form(_Model):
    """How one identifier is written. `vector`: the kind of the published vectors that it must meet begins so."""

    field: str = Field(description="The platform's name of it.")
    normaliser: str
    hash: str
    vector: str | None = None

    @model_validator(mode="after")
    def _is_known(self) -> Form:
        if self.normaliser not in NORMALISERS:
            raise ValueError(
                f"there is no normaliser {self.normaliser!r}: choose one of {', '.join(NORMALISERS)}"
            )
        if self.hash not in HASHES:
            raise ValueError(f"there is no hash {self.hash!r}: choose one of {', '.join(HASHES)}")
        return self


class Identifier(Form):
    """An identifier that contacts yield: e-mails, phones, or platform ids of a scope."""

    contact: Literal["email", "phone", "platform"]
    scope: str | None = Field(
        default=None,
        pattern="^[a-z0-9_]+(:[A-Za-z0-9_.@-]+)?$",
        description="Of platform ids: their kind, such as idfa, or kind and app, such as openid:wx_official_account; a kind alone takes those of every app or guide.",
    )
    with_owner: bool = Field(
        default=False, description="The key is the app or guide, as the scope names it, then / and the id."
    )
    default_region: Country | None = Field(
        default=None, description="Country of phones without a country code."
    )
    columns: dict[str, str] | None = Field(
        default=None, description="Columns of its file, instead of the file's."
    )


class Consent(_Model):
    """A purpose that a contact must have granted, and what the file says of it: field → value."""

    purpose: Purpose
    fields: dict[str, str] = {}


class Regions(_Model):
    """Countries (ISO 3166, two letters) whose customers go there; customers without a known country only where they are kept."""

    only: list[Country] | None = Field(default=None, min_length=1)
    except_: list[Country] | None = Field(default=None, alias="except", min_length=1)
    unknown: Literal["keep", "drop"] = "drop"
    cross_border_for: list[Country] = Field(
        default=[],
        description="Countries whose customers must have granted cross_border as well; of a customer without a known country the calling codes of her phones decide.",
    )


class File(_Model):
    """The file of one batch. `json` fills the templates body and row; `lines` writes columns; `parquet` the same as Parquet."""

    writer: Literal["json", "lines", "parquet"]
    extension: str = Field(pattern="^[a-z]+$")
    compress: Literal["none", "gzip", "zip"] = "none"
    together: bool = Field(
        default=False, description="One file for all identifiers; otherwise one identifier per file."
    )
    body: Any = Field(default=None, description="JSON around the rows; without it one row a line.")
    row: Any = "$key"
    columns: dict[str, str] = {}
    header: bool = True
    quote_all: bool = False
    line_end: Literal["\n", "\r\n"] = "\n"


class Operation(_Model):
    """What differs between a file that adds and one that removes."""

    body: Any = None
    row: Any = None
    columns: dict[str, str] | None = None
    word: str | None = Field(default=None, description="What $operation stands for.")


class Event(_Model):
    """Conversions that go back: orders of customers, after the return window."""

    name: str
    return_window_days: int = Field(ge=0)
    max_event_age_days: int = Field(ge=1)
    takes_adjustments: bool = False
    adjustment_body: Any = None
    adjustment_row: Any = None
    retraction_row: Any = Field(
        default=None,
        description="Of an order that was wholly returned, where it differs from adjustment_row.",
    )


class Destination(_Model):
    """One destination."""

    title: str
    kind: Literal["audience", "message", "conversion"] = "audience"
    vectors: str | None = Field(
        default=None, description="Whose published vectors its forms meet; without any it is unverified."
    )
    sources: list[str] = []
    notes: str = ""
    consents: list[Consent] = Field(min_length=1)
    identifiers: list[Identifier] = Field(min_length=1)
    forms: list[Form] = Field(default=[], description="Forms that the platform knows and no contact yields.")
    regions: Regions = Regions()
    mode: Literal["delta", "replace"] = "delta"
    batch_size: int = Field(default=10_000, ge=1)
    smallest_list: int | None = Field(
        default=None, ge=1, description="Members; an estimate, since platforms count whom they match."
    )
    below_floor: Literal["hold_adds", "delete_list"] = "hold_adds"
    refresh_days: int | None = Field(
        default=None, ge=1, description="Members are added anew after so many days."
    )
    proposal_days: int = Field(
        default=14, ge=1, description="After so many days an unanswered message no longer counts as contact."
    )
    lists: dict[str, str | int] = Field(
        default={}, description="Audience → the platform's own id of its list."
    )
    file: File
    add: Operation = Operation()
    remove: Operation = Operation()
    event: Event | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Destination:
        fields = [each.field for each in self.identifiers]
        if len(set(fields)) < len(fields):
            raise ValueError("two identifiers have the same field")
        if (self.kind == "conversion") != (self.event is not None):
            raise ValueError("a conversion has `event`, and nothing else has")
        if self.mode == "replace" and len(fields) > 1 and not self.file.together:
            raise ValueError("a file that replaces a list holds all identifiers: set file.together")
        if wrong := wrong_placeholders(self):
            raise ValueError("; ".join(dict.fromkeys(wrong)))
        return self

    @property
    def is_verified(self) -> bool:
        """Whether published vectors prove its forms."""
        return self.vectors is not None

    @property
    def purposes(self) -> frozenset[str]:
        return frozenset(each.purpose for each in self.consents)

    @property
    def consent_fields(self) -> dict[str, str]:
        """What files say of consent: field → value."""
        return {name: value for each in self.consents for name, value in each.fields.items()}

    def operation(self, name: str) -> Operation:
        return self.remove if name == "remove" else self.add


@dataclass(frozen=True)
class Destinations:
    """Destinations by name; those that cannot be read are in `problems`."""

    known: Mapping[str, Destination]
    problems: Mapping[str, ActivationProblem] = field(default_factory=dict)
    own: frozenset[str] = frozenset()  # of the project; shipped conversions are examples

    def conversions(self) -> list[str]:
        """Names of the conversions in force: the project's own."""
        return sorted(name for name in self.own & set(self.known) if self.known[name].kind == "conversion")

    def can_write(self, name: str, audience: str) -> bool:
        """Whether files of this list can be written now: its destination is known, and takes people, or orders, as the list holds them."""
        if audience == CONVERSIONS:
            return name in self.conversions()
        return name in self.known and self.known[name].kind != "conversion"

    def of_people(self, name: str, audience: str) -> Destination:
        """One that an audience may name. Raises ActivationProblem where there is none, it cannot be read, or takes orders instead of people."""
        found = self.destination(name)
        if found.kind == "conversion":
            raise ActivationProblem(
                f"{name} takes conversions, not people", f"audience {audience}", "name another destination"
            )
        return found

    def destination(self, name: str) -> Destination:
        """One by name. Raises ActivationProblem where there is none, or it cannot be read."""
        if name in self.problems:
            raise self.problems[name]
        if name not in self.known:
            raise ActivationProblem(
                f"there is no destination {name!r}",
                "destinations/",
                f"there are: {', '.join(sorted(self.known))}",
            )
        return self.known[name]


def load_destinations(settings: Settings) -> Destinations:
    """Those that Onefold ships, and the project's own, which replace shipped ones of the same name."""
    paths = {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}
    own = {path.stem: path for path in files_in(settings.project_dir / "destinations")}
    known, problems = {}, {}
    for name, path in (paths | own).items():
        try:
            known[name] = read_destination(path)
        except ActivationProblem as problem:
            problems[name] = problem
    return Destinations(known, problems, frozenset(own))


def read_destination(path: Path) -> Destination:
    """One file. Raises ActivationProblem with file and place."""
    refuse_other_ending(path)
    try:
        return _Named.model_validate({"name": path.stem, "destination": safe_yaml.read(path)}).destination
    except ValidationError as error:
        raise ActivationProblem(
            "the destination cannot be read", str(path), "; ".join(wrong_places(error))
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise not_yaml(path, error) from None


class _Named(_Model):
    name: Name
    destination: Destination

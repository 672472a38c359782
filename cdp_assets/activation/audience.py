"""What an audience's YAML says, read strictly. How a rule becomes SQL is `rules`; where the files lie is `library`.

Every rule is a mapping with one key. Columns are checked later, against the published file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from cdp_assets.activation.problems import ActivationProblem

NAME = r"^[a-z][a-z0-9_]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]
Purpose = Literal[
    "marketing", "profiling", "ads_matching", "sharing", "measurement", "cross_border", "sensitive", "automated_decision",
]  # fmt: skip
# What the engine's types hold: a larger number would end the whole night.
Days = Annotated[int, Field(ge=1, le=36_500)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Whole = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Scalar = StrictBool | Whole | Number | date | StrictStr

FAMILIES = {
    "attributes": "customers",
    "rfm": "customer_rfm",
    "lifecycle": "customer_lifecycle",
    "traits": "customer_traits",
    "value": "customer_value",
}
"""Rule → the mart, one row per customer_id, whose columns it compares."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Comparison(_Model):
    """What a column must meet; all that is given must hold. A value that is not known meets nothing but `is_known: false`."""

    is_: Scalar | None = Field(default=None, alias="is")
    is_not: Scalar | None = None
    in_: list[Scalar] | None = Field(default=None, alias="in", min_length=1)
    not_in: list[Scalar] | None = Field(default=None, min_length=1)
    at_least: Scalar | None = None
    at_most: Scalar | None = None
    more_than: Scalar | None = None
    less_than: Scalar | None = None
    contains: StrictStr | None = None
    starts_with: StrictStr | None = None
    within_days: Days | None = Field(
        default=None, description="A date in the last n days, as_of_date included."
    )
    older_than_days: int | None = Field(
        default=None, ge=0, le=36_500, description="A date more than n days before as_of_date."
    )
    is_known: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Comparison:
        if not self.model_fields_set:
            raise ValueError("say what the column must meet: is, in, at_least, within_days, …")
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("nothing is compared with null: write is_known: false, or leave it away")
        return self


Condition = Comparison | list[Scalar] | Scalar


class Period(_Model):
    """When: the last n days up to as_of_date, or from a date to a date, both included; without any: ever."""

    within_days: Days | None = None
    from_: date | None = Field(default=None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Period:
        if self.within_days is not None and (self.from_ or self.to):
            raise ValueError("give within_days, or from and to, not both")
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("from is after to")
        return self


class Purchases(Period):
    """Orders that count as sales, with goods of these categories, brands, skus or products, in these stores or channels."""

    category: list[StrictStr] | None = Field(default=None, min_length=1)
    brand: list[StrictStr] | None = Field(default=None, min_length=1)
    sku: list[StrictStr] | None = Field(default=None, min_length=1)
    product_code: list[StrictStr] | None = Field(default=None, min_length=1)
    store: list[StrictStr] | None = Field(default=None, min_length=1)
    channel: list[StrictStr] | None = Field(default=None, min_length=1)
    orders_at_least: Count = 1
    orders_at_most: Count | None = None
    net_revenue_at_least: float | None = Field(default=None, allow_inf_nan=False)

    @property
    def names_goods(self) -> bool:
        return any((self.category, self.brand, self.sku, self.product_code))

    @model_validator(mode="after")
    def _can_be_met(self) -> Purchases:
        if self.orders_at_most is not None and self.orders_at_least > self.orders_at_most:
            raise ValueError("orders_at_least is more than orders_at_most")
        if self.net_revenue_at_least is not None and self.names_goods:
            raise ValueError(
                "net revenue is known per order: leave category, brand, sku and product_code out"
            )
        return self


class Touches(Period):
    """Touchpoints of these kinds."""

    touch_type: list[StrictStr] | None = Field(default=None, min_length=1)
    marketing_channel: list[StrictStr] | None = Field(default=None, min_length=1)
    channel: list[StrictStr] | None = Field(default=None, min_length=1)
    source: list[StrictStr] | None = Field(default=None, min_length=1)
    medium: list[StrictStr] | None = Field(default=None, min_length=1)
    campaign: list[StrictStr] | None = Field(default=None, min_length=1)
    is_paid: bool | None = None
    touches_at_least: Count = 1


class Birthday(_Model):
    """A birthday from as_of_date on; read from the owner-only contact file, since marts hold the year alone."""

    within_days: int = Field(ge=1, le=366, description="In the next n days, as_of_date included.")


class Rule(_Model):
    """One rule; exactly one of these."""

    all: list[Rule] | None = Field(default=None, min_length=1)
    any: list[Rule] | None = Field(default=None, min_length=1)
    not_: Rule | None = Field(default=None, alias="not")
    attributes: dict[str, Condition] | None = Field(default=None, min_length=1)
    rfm: dict[str, Condition] | None = Field(default=None, min_length=1)
    lifecycle: dict[str, Condition] | None = Field(default=None, min_length=1)
    traits: dict[str, Condition] | None = Field(default=None, min_length=1)
    value: dict[str, Condition] | None = Field(default=None, min_length=1)
    purchases: Purchases | None = None
    touches: Touches | None = None
    birthday: Birthday | None = None
    audience: Name | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Rule:
        if len(self.model_fields_set) != 1 or self.kind is None:
            raise ValueError(f"a rule has one key; choose one of {', '.join(_KEYS)}")
        return self

    @property
    def kind(self) -> str | None:
        """The one key that is given, as the YAML spells it."""
        return next((key for key, name in _KEYS.items() if getattr(self, name) is not None), None)


_KEYS = {("not" if name == "not_" else name): name for name in Rule.model_fields}


class Holdout(_Model):
    """A lasting share that is left out; `experiment` draws it, so audiences of one experiment leave the same people out."""

    share: float = Field(gt=0, lt=1)
    experiment: Name | None = Field(default=None, description="Default: the audience's name.")


class ContactCap(_Model):
    """How often other lists of `message` destinations may have reached somebody in a rolling window."""

    at_most: Count
    within_days: Days


class Valid(_Model):
    """From and to which as_of_date the audience holds; outside it has no members, and its lists are emptied."""

    from_: date | None = Field(default=None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> Valid:
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("from is after to")
        return self

    def holds(self, on: date) -> bool:
        return (self.from_ is None or self.from_ <= on) and (self.to is None or on <= self.to)


class OrderBy(_Model):
    """One column of one family, largest first unless said otherwise; customers without it come last."""

    attributes: str | None = None
    rfm: str | None = None
    lifecycle: str | None = None
    traits: str | None = None
    value: str | None = None
    direction: Literal["descending", "ascending"] = "descending"

    @model_validator(mode="after")
    def _is_one(self) -> OrderBy:
        if len(self.model_fields_set - {"direction"}) != 1:
            raise ValueError(f"name one column, under one of {', '.join(FAMILIES)}")
        return self

    @property
    def column(self) -> tuple[str, str]:
        """(family, column)."""
        return next((family, column) for family in FAMILIES if (column := getattr(self, family)))


class Audience(_Model):
    """One audience: who is meant, for which purpose, and where to."""

    title: str
    description: str = ""
    purpose: Purpose
    destinations: list[Name] = []
    who: Rule | None = Field(
        default=None, description="The rule; without it the `.sql` file beside the YAML counts."
    )
    order_by: OrderBy | None = None
    top: Count | None = None
    suppress: list[Name] = Field(default=[], description="Audiences whose members are left out.")
    holdout: Holdout | None = None
    contact_cap: ContactCap | None = None
    priority: Count | None = Field(
        default=None,
        description="1 is highest; at a destination a person is in the highest only, of equal ones in the first by name.",
    )
    valid: Valid = Valid()

    @model_validator(mode="after")
    def _top_has_an_order(self) -> Audience:
        if self.top is not None and self.order_by is None:
            raise ValueError("top needs order_by: say which customers come first")
        return self

    def references(self) -> list[str]:
        """Names of the audiences that this one is made of."""
        return [*self.suppress, *(_references(self.who) if self.who else ())]

    def top_rules(self) -> list[tuple[str, Rule]]:
        """The rules of the waterfall, each with its place: the members of an outermost `all`, else the one rule."""
        if self.who is None:
            return []
        if self.who.all is not None:
            return [
                (f"who.all[{number}].{rule.kind}", rule) for number, rule in enumerate(self.who.all, start=1)
            ]
        return [(f"who.{self.who.kind}", self.who)]


def _references(rule: Rule) -> Iterator[str]:
    if rule.audience is not None:
        yield rule.audience
    for inner in (*(rule.all or ()), *(rule.any or ()), *((rule.not_,) if rule.not_ else ())):
        yield from _references(inner)


def read_audience(document: Any, where: str) -> Audience:
    """The audience that a YAML document (or the page's form) describes. Raises ActivationProblem, which names the place."""
    try:
        return Audience.model_validate(document)
    except ValidationError as error:
        raise ActivationProblem(
            "the audience cannot be read", where, "; ".join(wrong_places(error))
        ) from None


def wrong_places(error: ValidationError) -> list[str]:
    """Place and remedy of what is wrong in a document, without its values."""
    found: dict[str, str] = {}
    for each in error.errors(include_input=False, include_url=False):
        steps = [str(step) for step in each["loc"] if not _is_union_step(step)]
        found.setdefault(".".join(steps) or "document", each["msg"].removeprefix("Value error, "))
    return [f"{place}: {message}" for place, message in found.items()]


def _is_union_step(step: object) -> bool:
    """Pydantic names which member of a union it tried; readers of a YAML never wrote that."""
    return isinstance(step, str) and (
        step in {"bool", "int", "constrained-int", "float", "date", "str", "Comparison"} or "[" in step
    )

"""The identity model: parameters and term frequencies, frozen together under one version.

A prior model ships; the first run sets its scale and its term frequencies from the data and freezes it. Training anew belongs to
training; scoring to pairs.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.identity.context import IdentityContext, IdentityProblem, reference
from cdp_assets.identity.scoring.comparisons import BLOCKING, COMPARISONS
from cdp_assets.identity.scoring.string_functions import STRING_FUNCTIONS

PRIOR_PATH = Path(__file__).parent / "prior_model.json"
_TF_COLUMNS = ("given_key", "family_key", "given_han", "family_han", "birth_key")
# Two parts of a name are not independent (fashion, origin): their product understates how common a whole name is.
_NAME_DEPENDENCE = 2.0
_IN_REVIEW = 0.6  # bits below the publishing threshold
_NEAR_GIVEN_SHARE = 0.02  # chance that a stranger's given name is near to a given one
_NEAR_FAMILY_SHARE = 0.01


def rules_digest() -> str:
    """Digest of what is compared and of which pairs: kept scores are of the pairs that the blocking rules find."""
    compared = [
        [
            each.name,
            each.null_condition,
            [[level.name, level.condition, level.term] for level in each.levels],
        ]
        for each in COMPARISONS
    ]
    return hashlib.sha256(json.dumps([compared, BLOCKING]).encode()).hexdigest()[:12]


# A model holds weights of these rules under these functions, and of no others.
TRAINED_FOR = {"string_functions": STRING_FUNCTIONS, "matching_rules": rules_digest()}
# What a model was trained for that does not say so.
BEFORE = {"string_functions": "bytes-1"}  # DuckDB 1.x

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """parameters: lambda (chance that two random nodes match), node_count, comparisons (name → level → m, u), and what they were
    trained for: string_functions, matching_rules."""

    version: str
    origin: str
    parameters: Parameters
    is_new: bool

    @property
    def match_chance(self) -> float:
        return float(self.parameters["lambda"])

    def weight(self, comparison: str, level: str) -> float:
        """log2(m/u) of a level, Fellegi and Sunter (1969)."""
        entry = self.parameters["comparisons"][comparison][level]
        return math.log2(entry["m"] / entry["u"])


def fitting(model: Model) -> Model:
    """The model itself. Raises IdentityProblem where it was trained for other rules, or with string functions of another meaning."""
    former = {name: model.parameters.get(name, BEFORE.get(name)) for name in TRAINED_FOR}
    differing = [name.replace("_", " ") for name, value in TRAINED_FOR.items() if former[name] != value]
    if differing:
        raise IdentityProblem(
            f"identity model {model.version} was trained with other {' and other '.join(differing)} than this version of Onefold has, "
            "so its weights would be wrong and customer ids would move unseen: `onefold train` makes a new model; if that changes more "
            "customers than the limits allow, it says how many, and `onefold train --accept-identity-change` publishes it"
        )
    return model


def current_model_read_only(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> Model:
    """The model that the last build was scored with: proposed in this warehouse, else in force in state; nothing is written."""
    for relation in ("identity.models", "state.identity_models"):
        row = con.execute(
            f"select model_version, origin, parameters from {relation} where is_current order by model_version"
        ).fetchone()
        if row is not None:
            return fitting(Model(row[0], row[1], json.loads(row[2]), is_new=False))
    raise IdentityProblem("there is no identity model yet: `onefold run` makes the first one")


def match_chance(con: duckdb.DuckDBPyConnection) -> float:
    """Chance that two random nodes are one person, from strong agreement alone (recall taken as 0.7), within 0.5 to 8 in N."""
    rules = (
        "name_exact || birth_key",
        "case when not is_phone_shared then phone end",
        "case when not is_email_shared then email end",
        "national_id",
        "name_exact || street_key",
    )
    keyed = " union all ".join(
        f"select '{i}' || ({rule}) as block, node_key from identity.node_evidence where ({rule}) is not null"
        for i, rule in enumerate(rules)
    )
    pairs, nodes = con.execute(
        f"""
        with keyed as ({keyed}),
        small as (select block from keyed group by block having count(*) between 2 and 60)
        select
            (select count(*) from (
                select distinct l.node_key as node_l, r.node_key as node_r
                from keyed as l join small using (block) join keyed as r using (block)
                where l.node_key < r.node_key
            )),
            (select count(*) from identity.node_evidence)
        """
    ).fetchall()[0]
    nodes = max(nodes, 2)
    estimate = pairs / 0.7 / (nodes * (nodes - 1) / 2)
    return float(min(max(estimate, 0.5 / nodes), 8 / nodes, 0.2))


def prior_parameters(chance: float, node_count: int) -> Parameters:
    """The shipped prior with the shares that depend on the size of the base filled in."""
    prior = json.loads(PRIOR_PATH.read_text(encoding="utf-8"))
    comparisons: dict[str, dict[str, dict[str, float]]] = {}
    for name, levels in prior["comparisons"].items():
        comparisons[name] = {level: _at_scale(entry, chance) for level, entry in levels.items()}
    parameters: Parameters = {
        "prior": prior["version"], "lambda": chance, "node_count": node_count, "comparisons": comparisons
    }  # fmt: skip
    set_household_levels(parameters)
    return parameters


def _at_scale(entry: dict[str, float], chance: float) -> dict[str, float]:
    """m and u of a level of the prior, where two random records match with the given chance."""
    return {
        "m": entry["m"],
        "u": min(entry.get("u", 1.0), entry.get("u_per_match", math.inf) * chance, 0.999),
    }


def set_household_levels(parameters: Parameters) -> None:
    """Levels of `household`: where given names conflict, take back what shared phone, e-mail, address (and birth date) gave.

    Shared contact data and given names are not independent: members of a household share the former. Fellegi–Sunter weights
    add up as if they were, so this comparison is the interaction term that corrects it, derived from the other levels.
    """
    comparisons = parameters["comparisons"]

    def weight(name: str, level: str) -> float:
        return math.log2(comparisons[name][level]["m"] / comparisons[name][level]["u"])

    contact = sorted(
        (weight("phone", "exact"), weight("email", "exact"), weight("address", "street_and_area")),
        reverse=True,
    )
    birth = weight("birth_date", "exact")
    levels = {}
    for shared in (1, 2, 3):
        correction = -sum(contact[:shared]) + 2.0
        levels[f"other_person_{shared}"] = household_level(correction)
        levels[f"other_person_{shared}_birth"] = household_level(correction - birth + 3.0)
    # A street nearly the same is taken back as far as it counted, a lent document down to what a person should look at.
    levels["other_person_near_street"] = household_level(-max(weight("address", "near_street_and_area"), 0.0))
    chance = parameters["lambda"]
    for level, name in (("lent_document_family", "family_same_given_differs"), ("lent_document", "else")):
        known = math.log2(chance / (1 - chance)) + weight("national_id", "exact") + weight("name", name)
        levels[level] = household_level(-max(known + _IN_REVIEW, 0.0))
    levels["lent_document_home"] = household_level(
        -sum(contact) - max(weight("national_id", "exact"), 0.0) + 2.0
    )
    levels["nothing_shared"] = {"m": 0.9, "u": 0.9}
    levels["else"] = {"m": 0.9, "u": 0.9}
    comparisons["household"] = levels


def household_level(weight: float) -> dict[str, float]:
    """Shares of a level of `household` that weighs so many bits."""
    u = 0.01
    return {"m": max(u * 2**weight, 1e-30), "u": u}


def propose_model(
    con: duckdb.DuckDBPyConnection,
    ctx: IdentityContext,
    origin: str,
    parameters: Parameters,
    report: dict[str, Any],
) -> Model:
    """Write a new model and its term frequencies (from identity.node_evidence) to the proposal; its version is its content."""
    con.execute("delete from identity.term_frequencies")
    for column in _TF_COLUMNS:
        con.execute(_term_frequency_sql(column))
    con.execute(_known_names_sql("given_key", "family_key", "given_names"))
    con.execute(_known_names_sql("family_key", "given_key", "family_names"))
    content = con.execute(
        "select count(*), sum(hash(column_name, term_key, frequency)::hugeint)::varchar from identity.term_frequencies"
    ).fetchall()[0]
    parameters = parameters | TRAINED_FOR
    text = json.dumps(parameters, sort_keys=True)
    digest = hashlib.sha256((text + str(content)).encode()).hexdigest()[:8]
    version = f"{origin}-{ctx.as_of_date:%Y%m%d}-{digest}"
    con.execute("update identity.term_frequencies set model_version = ?", [version])
    con.execute(
        "insert into identity.models values (?, ?, ?, ?, ?, true)",
        [version, origin, text, json.dumps(report, sort_keys=True), ctx.as_of_date],
    )
    return Model(version, origin, parameters, is_new=True)


def _term_frequency_sql(column: str) -> str:
    if column == "birth_key":
        # Others who carry the date too (by initials, so that one person's records count once): popular and placeholder dates.
        return """
            insert into identity.term_frequencies
            with carriers as (
                select birth_key, count(distinct left(given_canon, 1) || left(family_key, 1)) as people
                from identity.node_evidence where birth_key is not null group by birth_key
            )
            select '', 'birth_key', pseudonym('term' || chr(31) || birth_key), (people - 1) / (select sum(people) from carriers)
            from carriers where people > 1
        """
    return f"""
        insert into identity.term_frequencies
        select
            '', '{column}', pseudonym('term' || chr(31) || {column}),
            count(*) / (select count({column}) from identity.node_evidence),
        from identity.node_evidence where {column} is not null group by {column} having count(*) > 1
    """


def _known_names_sql(part: str, other: str, listed: str) -> str:
    """Names on the list of common ones, or carried with at least four different other parts: a name, not a slip of the pen."""
    common = ", ".join(f"'{name}'" for group in reference(listed).values() for name in group.split())
    return f"""
        insert into identity.term_frequencies
        select '', 'known_{part.removesuffix("_key")}', pseudonym('term' || chr(31) || {part}), count(distinct {other})
        from identity.node_evidence where {part} is not null and {other} is not null
        group by {part} having count(distinct {other}) >= 4 or {part} in ({common})
    """


def frozen_terms_sql(model: Model, home: str) -> str:
    """Relation (column_name, term_key, frequency) of the model's frozen terms, from the proposal, from state, or from both alike."""
    version = model.version.replace("'", "")
    return (
        f"(select column_name, term_key, frequency from {home}.identity.term_frequencies "
        f"where model_version = '{version}' union select column_name, term_key, frequency "
        f"from state.identity_term_frequencies where model_version = '{version}')"
    )


def term_frequencies_sql(model: Model) -> dict[str, str]:
    """Term column → SQL of how common a node's value is, from the frozen frequencies; a value unseen at training counts as one in N.

    In: a node's row, joined with its terms (<evidence column>_term.frequency, null where unseen).
    """
    unseen = 1.0 / max(int(model.parameters["node_count"]), 1)
    # Within one base a name alone never identifies: it is not taken to be rarer than the chance that two records match.
    floor = 1.2 * model.match_chance
    birth_floor = float(model.parameters["comparisons"]["birth_date"]["exact"]["u"])

    def seen(column: str) -> str:
        return f"coalesce({column}_term.frequency, {unseen})"

    def name(given: str, family: str) -> str:
        return f"greatest(least(1.0, {_NAME_DEPENDENCE} * {given} * {family}), {floor})"

    def spelt(part: str) -> str:
        """Chinese characters have frequencies of their own."""
        return f"case when {part}_han is not null then {seen(f'{part}_han')} else {seen(f'{part}_key')} end"

    return {
        "name_exact": name(f"({spelt('given')})", f"({spelt('family')})"),
        "name_sound": name(seen("given_key"), seen("family_key")),
        "given_key": seen("given_key"),
        "family_key": seen("family_key"),
        "given_term": f"greatest({seen('given_canon')} * {_NEAR_FAMILY_SHARE}, {floor})",
        "family_term": f"greatest({seen('family_key')} * {_NEAR_GIVEN_SHARE}, {floor})",
        "lone_term": seen("lone_name"),
        "birth_key": f"greatest(coalesce(birth_key_term.frequency, 0), {birth_floor})",
    }


def splink_settings(model: Model, *, with_details: bool = False) -> dict[str, Any]:
    """Settings for Splink: the comparisons with the model's m and u. with_details keeps levels and weights per comparison, and what
    was compared (Splink keeps levels only together with that)."""
    comparisons = []
    for comparison in COMPARISONS:
        levels: list[dict[str, Any]] = [
            {
                "sql_condition": comparison.null_condition,
                "label_for_charts": "not known",
                "is_null_level": True,
            }
        ]
        for level in comparison.levels:
            entry = model.parameters["comparisons"][comparison.name][level.name]
            described: dict[str, Any] = {
                "sql_condition": level.condition or "ELSE",
                "label_for_charts": level.label,
                "m_probability": entry["m"],
                "u_probability": entry["u"],
            }
            if level.term:
                described |= {"tf_adjustment_column": level.term, "disable_tf_exact_match_detection": True}
            levels.append(described)
        comparisons.append({"output_column_name": comparison.name, "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "node_no",
        "probability_two_random_records_match": model.match_chance,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [],  # the pairs are handed over: see blocking
        "retain_matching_columns": with_details,
        # Splink's waterfall chart shows the value whose frequency weighs.
        "additional_columns_to_retain": ["given_term", "family_term"] if with_details else [],
        "retain_intermediate_calculation_columns": with_details,
    }

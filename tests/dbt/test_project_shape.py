"""The dbt project's own laws: layers, lists, words, classes, contracts and where DuckDB's dialect may be spoken."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdp_assets import safe_yaml
from cdp_assets.dbt_classes import CLASSES, classes_of, column_classes, written
from cdp_assets.dbt_vars import project_vars

# Which layers a layer may read. `reference` is seeds; `state` and `insight` are Python's.
READS = {
    "staging": {"landing", "state", "reference"},
    "reference": {"reference", "staging"},  # delivered exchange rates
    "identity": {"staging", "identity", "state", "reference"},
    "profile": {"staging", "identity", "profile", "journeys", "state", "reference"},
    "journeys": {"staging", "identity", "profile", "journeys", "state", "reference"},
    "traits": {"identity", "profile", "journeys", "traits", "insight", "reference"},
    "segments": {"identity", "profile", "journeys", "traits", "segments", "state", "reference"},
    "attribution": {"identity", "profile", "journeys", "attribution", "insight", "reference"},
    "scorecard": {"profile", "journeys", "traits", "segments", "attribution", "scorecard", "insight", "state", "reference"},
    "history": {"profile", "segments", "scorecard", "state"},
    "marts": {
        "identity", "profile", "journeys", "traits", "segments", "attribution", "scorecard", "insight", "history", "state",
        "reference", "marts",
    },
    "contact": {"profile", "identity"},  # of single records: their own values, as identity compares them
}  # fmt: skip

# DuckDB's dialect, or what Spark reads differently (DESIGN section 8): only macros/engine may speak it.
DIALECT = {
    "union by name": r"\bby\s+name\b",
    "columns()": r"\bcolumns\s*\(",
    "pivot": r"\b(un)?pivot\b",
    "asof join": r"\basof\b",
    "list comprehension": r"\[[^\]]*\bfor\b[^\]]*\bin\b",
    "list functions": r"\blist(_\w+)?\s*\(",
    "range or generate_series": r"\b(range|generate_series)\s*\(",
    "quantile_cont": r"\bquantile(_cont|_disc)?\s*\(",
    "date_diff": r"\bdate_?diff\s*\(",
    "day of week": r"\b(dayofweek|isodow|weekday)\s*\(",
    "log": r"\blog\s*\(",
    "aggregates in order": r"\b(array_agg|string_agg|listagg)\s*\(",
    "at time zone": r"\bat\s+time\s+zone\b",
    "hash": r"\bhash\s*\(",
    "strftime": r"\bstrf?p?time\s*\(",
    "interval arithmetic": r"[+-]\s*interval\b",
    "integer division": r"//",
    "select * exclude or replace": r"\*\s*(exclude|replace)\b",
    "clock": r"\b(now\s*\(|current_date\b|current_timestamp\b|get_current_)",
}


def _sql_files(project_dir: Path) -> Iterator[Path]:
    for folder in ("models", "macros", "tests"):
        for path in sorted((project_dir / folder).rglob("*.sql")):
            if (project_dir / "macros" / "engine") not in path.parents:
                yield path


def _bare_sql(text: str) -> str:
    """SQL without comments and without what Jinja computes."""
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", " ", text).lower()


def _models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def _layer_of(manifest: dict[str, Any], unique_id: str) -> str:
    if unique_id.startswith("source."):
        return str(manifest["sources"][unique_id]["source_name"])
    return str(manifest["nodes"][unique_id]["schema"])


def test_models_read_only_layers_to_their_left(manifest: dict[str, Any]) -> None:
    wrong = [
        f"{node['schema']}.{node['name']} reads {parent}"
        for node in _models(manifest)
        for parent in node["depends_on"]["nodes"]
        if _layer_of(manifest, parent) not in READS[node["schema"]]
    ]
    assert not wrong


def test_what_identity_takes_from_the_inbox_is_read_behind_identity(manifest: dict[str, Any]) -> None:
    taken = {"source.onefold.state.rulings", "source.onefold.state.decisions"}
    readers = {
        node["name"]: {_layer_of(manifest, parent) for parent in node["depends_on"]["nodes"]}
        for node in _models(manifest)
        if taken & set(node["depends_on"]["nodes"])
    }
    assert set(readers) >= {"ops_rulings", "ops_decisions"}
    assert [name for name, layers in readers.items() if "identity" not in layers] == []


def test_a_staging_model_reads_its_own_channel_only(manifest: dict[str, Any]) -> None:
    wrong = []
    for node in _models(manifest):
        if node["schema"] != "staging":
            continue
        channel = node["fqn"][2]
        for parent in node["depends_on"]["nodes"]:
            source = manifest["sources"].get(parent)
            is_own = source is not None and (
                source["source_name"] == "state" or source["name"].startswith(f"{channel}_")
            )
            is_own = is_own or parent.startswith("seed.")  # what the retailer declares, for every channel
            if not is_own:
                wrong.append(f"{node['name']} reads {parent}")
    assert not wrong


def test_staged_customers_are_read_only_where_the_forgotten_are_left_out(manifest: dict[str, Any]) -> None:
    readers = {
        node["name"]
        for node in _models(manifest)
        for parent in node["depends_on"]["nodes"]
        if parent.endswith("__customers") and node["schema"] != "staging"
    }
    assert readers == {"customer_records", "applied_corrections"}  # both name not_suppressed
    for node in _models(manifest):
        if node["name"] in readers:
            assert "macro.onefold.not_suppressed" in node["depends_on"]["macros"], node["name"]


def test_duckdb_dialect_is_spoken_in_engine_macros_only(project_dir: Path) -> None:
    found = [
        f"{path.relative_to(project_dir)}: {name}"
        for path in _sql_files(project_dir)
        for name, pattern in DIALECT.items()
        if re.search(pattern, _bare_sql(path.read_text(encoding="utf-8")))
    ]
    assert not found


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("date_diff", "select date_diff('day', a, b)"),
        ("range or generate_series", "from range(10)"),
        ("at time zone", "select a at time zone 'UTC'"),
        ("clock", "select current_date"),
        ("aggregates in order", "select string_agg(a, ',' order by a)"),
    ],
)
def test_the_ban_finds_what_it_bans(name: str, sql: str) -> None:
    assert re.search(DIALECT[name], _bare_sql(sql))


def test_comments_and_jinja_are_free_to_speak_of_the_dialect() -> None:
    assert not any(
        re.search(p, _bare_sql("-- no pivot here\nselect {{ date_diff }}")) for p in DIALECT.values()
    )


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    gaps = []
    for node in _models(manifest):
        if "row per" not in node["description"]:
            gaps.append(f"{node['name']}: the description states no grain")
        if not node["columns"]:
            gaps.append(f"{node['name']}: no columns")
        gaps += [
            f"{node['name']}.{column['name']}"
            for column in node["columns"].values()
            if len(column["description"]) < 4 or written(column) not in {None, *CLASSES}
        ]
    assert not gaps


def test_every_published_column_has_a_class_written_or_inherited(manifest: dict[str, Any]) -> None:
    assert _unknown(manifest) == []


def _unknown(manifest: dict[str, Any]) -> list[str]:
    """Columns of marts without a class of their own, of a shape, or of the same column in what they are made of."""
    classes = column_classes(manifest)
    return [
        f"{node['name']}.{column}: write its classification in models/{node['schema']}/{node['name']}.yml"
        for node in _models(manifest)
        if node["schema"] in {"marts", "contact"}
        for column, known in classes[node["unique_id"]].items()
        if known is None
    ]


def test_a_class_is_written_where_it_differs_from_what_is_inherited(manifest: dict[str, Any]) -> None:
    def inherited(node: dict[str, Any], column: str) -> set[str | None]:
        parents = [classes[name].get(column) for name in node["depends_on"]["nodes"] if name in classes]
        return {max((each for each in parents if each), key=CLASSES.index, default=None)}

    classes = column_classes(manifest)
    written_twice = {
        f"{node['name']}.{name}"
        for node in _models(manifest)
        for name, column in node["columns"].items()
        if node["schema"] != "staging" and written(column) in inherited(node, name) - {None}
    }
    assert written_twice == set()


def test_a_published_column_of_unknown_class_counts_as_core_and_fails(manifest: dict[str, Any]) -> None:
    changed = copy.deepcopy(manifest)
    mart = changed["nodes"]["model.onefold.customer_rfm"]
    mart["columns"]["nobody_knows"] = {
        "name": "nobody_knows",
        "description": "?",
        "meta": {},
        "config": {"meta": {}},
    }
    assert classes_of(changed, "marts")["customer_rfm", "nobody_knows"] == "core"
    assert [each.split(":")[0] for each in _unknown(changed)] == ["customer_rfm.nobody_knows"]
    mart["columns"]["email"] = {"name": "email", "description": "?", "meta": {}, "config": {"meta": {}}}
    mart["depends_on"]["nodes"].append("model.onefold.customer_records")
    assert (
        classes_of(changed, "marts")["customer_rfm", "email"] == "core"
    )  # inherited from what it is made of


def test_each_mart_has_a_file_of_its_own_beside_its_sql(project_dir: Path) -> None:
    marts = project_dir / "models" / "marts"
    assert {path.stem for path in marts.glob("[!_]*.yml")} == {path.stem for path in marts.glob("*.sql")}
    for path in marts.glob("[!_]*.yml"):
        assert [model["name"] for model in safe_yaml.read(path)["models"]] == [path.stem]


def test_a_description_that_columns_share_is_a_doc_block(project_dir: Path) -> None:
    """A text said more than twice is said once, in models/_columns.md, and named."""
    said = Counter(
        column["description"]
        for path in (project_dir / "models").rglob("*.yml")
        for model in safe_yaml.read(path).get("models", [])
        if isinstance(model.get("columns"), list)
        for column in model["columns"]
        if "{{" not in column.get("description", "{{")
    )
    assert [text for text, times in said.items() if times > 2] == []


def test_a_description_is_written_where_it_is_not_the_doc_block_of_the_columns_name(
    project_dir: Path,
) -> None:
    """Marts and the contact file write all: dbt hands their descriptions to the database, also where it is run by hand."""
    repeated = [
        f"{model['name']}.{column['name']}"
        for path in (project_dir / "models").rglob("*.yml")
        if path.parent.name not in {"marts", "contact"}
        for model in safe_yaml.read(path).get("models", [])
        for column in model.get("columns", [])
        if column.get("description") == f"{{{{ doc('{column['name']}') }}}}"
    ]
    assert repeated == []


def test_every_published_model_has_an_enforced_contract(manifest: dict[str, Any]) -> None:
    loose = [
        node["name"]
        for node in _models(manifest)
        if node["schema"] in {"marts", "contact"} and not node["config"]["contract"]["enforced"]
    ]
    assert not loose


def test_marts_hold_no_column_of_the_highest_class(manifest: dict[str, Any]) -> None:
    assert [column for column, known in classes_of(manifest, "marts").items() if known == "core"] == []


def test_every_table_that_holds_personal_values_is_on_the_list(
    manifest: dict[str, Any], project_dir: Path
) -> None:
    listed = set((project_dir / "personal_tables.txt").read_text(encoding="utf-8").split())
    schemas = {node["schema"] for node in _models(manifest)}
    holding = {
        f"{schema}.{model}"
        for schema in schemas
        for (model, _), known in classes_of(manifest, schema).items()
        if known == "core"
    }
    assert listed == holding


def test_the_lists_of_channels_agree_with_the_staging_models(
    manifest: dict[str, Any], project_dir: Path
) -> None:
    listed = {
        f"stg_{channel}__{shape}"
        for shape, channels in project_vars(project_dir)["channels"].items()
        for channel in channels
    }
    made = {node["name"] for node in _models(manifest) if node["schema"] == "staging"}
    assert listed == made


@pytest.mark.parametrize(
    ("key", "prefix", "folder"),
    [
        ("traits", "trait_", "traits"),
        ("attribution_models", "attribution_", "attribution"),
        ("scorecard_families", "measures_", "scorecard"),
    ],
)
def test_the_list_of_a_family_agrees_with_its_files(
    key: str, prefix: str, folder: str, project_dir: Path
) -> None:
    found = (project_dir / "models" / folder).glob(f"{prefix}*.sql")
    assert set(project_vars(project_dir)[key]) == {path.stem.removeprefix(prefix) for path in found}


def test_every_trait_is_a_column_of_the_trait_mart(manifest: dict[str, Any], project_dir: Path) -> None:
    project = project_vars(project_dir)
    (mart,) = (node for node in _models(manifest) if node["name"] == "customer_traits")
    assert set(mart["columns"]) == {"customer_id", *project["traits"]}


PROFILING_LAW = "a_customer_who_denied_profiling_is_in_no_segment_and_on_no_path"


def test_every_mart_that_profiles_names_the_one_macro(manifest: dict[str, Any]) -> None:
    """The marts that the law of profiling watches name may_be_profiled, themselves or in what they are made of."""
    nodes = {node["unique_id"]: node for node in _models(manifest)}

    made_by_python = ["model.onefold.customer_purchase_days", "model.onefold.conversions"]  # insight's inputs

    def names_it(unique_id: str) -> bool:
        if ".insight." in unique_id:
            return all(names_it(each) for each in made_by_python)
        node = nodes.get(unique_id)
        if node is None:
            return False
        named = "macro.onefold.may_be_profiled" in node["depends_on"]["macros"]
        return named or any(names_it(parent) for parent in node["depends_on"]["nodes"])

    (law,) = (node for node in manifest["nodes"].values() if node["name"] == PROFILING_LAW)
    watched = [each for each in law["depends_on"]["nodes"] if not each.endswith(".customers")]
    assert len(watched) > 5
    assert [each for each in watched if not names_it(each)] == []
    direct = {
        node["name"]
        for node in nodes.values()
        if re.search(r"\b(consents|profiles)\.is_profiled\b", _bare_sql(node["raw_code"]))
    }
    assert direct <= {"customer_profiles"}  # everybody else asks the macro


# what makes a model more than a selection of columns: arithmetic, aggregates, cases and ranks
FORMULA = re.compile(
    r"\b(case|sum|avg|min|max|count|bool_or|bool_and|row_number|quantile|(days|seconds|months)_between|exact_sum)\b|\w\)? [*/] \w"
)
COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)
WITHOUT_FORMULA = {"dates"}  # a calendar


def test_every_formula_has_a_unit_test(manifest: dict[str, Any], project_dir: Path) -> None:
    """Every trait and attribution model, and whatever else computes; staging is tested by files that land (tests/landing)."""
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    python = {"markov_1", "markov_2", "markov_3", "shapley", "markov_shapley"}
    formulas = {
        node["name"]
        for node in _models(manifest)
        if node["name"].startswith("trait_")
        or (node["schema"] == "attribution" and node["name"].removeprefix("attribution_") not in python)
        or (
            node["schema"] != "staging"
            and FORMULA.search(
                COMMENT.sub("", (project_dir / node["original_file_path"]).read_text(encoding="utf-8"))
            )
        )
    }
    assert formulas - tested - WITHOUT_FORMULA == set()


def test_laws_are_sentences_and_tagged(manifest: dict[str, Any]) -> None:
    laws = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "law" in node["tags"]
    ]
    assert len(laws) >= 15
    assert all(node["name"].count("_") >= 3 for node in laws)


def test_every_test_in_a_file_of_its_own_is_a_law(manifest: dict[str, Any]) -> None:
    """The build runs the tests of its tables only; a test over several tables runs with the laws, or never."""
    alone = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and not node.get("test_metadata")
    ]
    assert len(alone) >= 20
    assert [node["name"] for node in alone if "law" not in node["tags"]] == []


def test_each_macro_has_a_file_of_its_own(project_dir: Path) -> None:
    """An engine macro stands with what it is on each engine."""
    crowded = []
    for path in (project_dir / "macros").rglob("*.sql"):
        defined = re.findall(r"\{%-?\s*(?:macro|materialization)\s+(\w+)", path.read_text(encoding="utf-8"))
        halves = [path.stem, f"duckdb__{path.stem}", f"spark__{path.stem}"]
        materialised = [path.stem, path.stem]  # one for each engine, by one name
        if defined != [path.stem] and not (
            path.parent.name == "engine" and defined in (halves, materialised)
        ):
            crowded.append(path.name)
    assert not crowded

"""dbt's and DuckDB's errors: the sentence reaches the person, a value never does."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.dbt_problems import engine_sentence, explain_parse_error

SECRETS = (
    "grace.hopper@example.com",
    "+44 7700 900123",
    "Zhang San",
    "Grace O'Hara",
    "张三",
    "Rue d'Été 5, 75001",
)
FAILING = (
    "select cast(email as int) from customers",
    "select cast(email as date) from customers",
    "select cast(email as decimal(5, 2)) from customers",
    "select cast(email as json) from customers",
    "select cast('{' || email as struct(a int)) from customers",
    "select strptime(email, '%Y') from customers",
    "select error(email) from customers",
    "insert into customers values (1, 'x')",
    "select cast(id * 200 as tinyint) from customers",
    "select customer_id from customers",
    "select email from customer",
)


def failure(query: str, secret: str) -> str:
    """dbt's message of a query that DuckDB refuses over one customer."""
    with duckdb.connect() as con:
        con.execute("create table customers (id int primary key, email text)")
        con.execute("insert into customers values (1, ?)", [secret])
        with pytest.raises(duckdb.Error) as raised:
            con.execute(query).fetchall()
    return f"Runtime Error in model x (models/x.sql)\n  {raised.value}\n  compiled code at target/x.sql"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("query", FAILING)
def test_no_value_is_in_the_engines_sentence(query: str, secret: str) -> None:
    said = engine_sentence(failure(query, secret), query)
    assert said is not None
    known = {"a", "o", "d", "ca", "s", "5"}
    assert not [
        word
        for word in secret.replace("'", " ").replace("@", " ").replace(",", " ").split()
        if word.lower() not in known and word in said
    ]


@given(st.text(st.characters(categories=["Lo"]), min_size=6, max_size=30))
def test_a_word_that_neither_the_engine_nor_the_query_knows_is_left_out(word: str) -> None:
    message = (
        f"Runtime Error in model x (models/x.sql)\n  Conversion Error: Could not cast value {word} to INT32"
    )
    assert word not in (engine_sentence(message, "select id from customers") or "")


def test_the_engines_words_its_types_and_the_querys_columns_stay() -> None:
    query = FAILING[0]
    assert engine_sentence(failure(query, SECRETS[0]), query) == (
        "Conversion Error: Could not convert string '…' to INT32 when casting from source column email"
    )


def test_a_column_that_is_not_there_is_named() -> None:
    said = engine_sentence(
        failure("select customer_id from customers", "x"), "select customer_id from customers"
    )
    assert said is not None
    assert said.startswith('Binder Error: Referenced column "customer_id" not found in FROM clause!')


def test_a_message_without_the_engines_sentence_is_none() -> None:
    assert engine_sentence("Runtime Error in model x\n  it broke") is None


@pytest.mark.parametrize(
    ("message", "where", "remedy"),
    [
        (
            "Compilation Error\n  Model 'model.onefold.a' (models/traits/a.sql) depends on a node named 'nope' which was not found",
            "dbt_project/models/traits/a.sql",
            "write a model nope",
        ),
        (
            "Parsing Error\n  Error reading onefold: traits/a.yml - Runtime Error\n    Syntax error near line 3\n    ---------\n    1 | x\n    Raw Error:",
            "dbt_project/models/traits/a.yml, line 3",
            "correct that file",
        ),
        (
            "Runtime Error\n  Syntax error near line 22\n  ------\n  19 | vars: [",
            "dbt_project/dbt_project.yml, line 22",
            "correct",
        ),
    ],
)
def test_what_dbt_cannot_read_is_told_in_three_lines(
    message: str, where: str, remedy: str, tmp_path: Path
) -> None:
    (tmp_path / "models" / "traits").mkdir(parents=True)
    for name in ("a.sql", "a.yml"):
        (tmp_path / "models" / "traits" / name).touch()
    found, place, advice = explain_parse_error(RuntimeError(message), tmp_path)
    assert "\n" not in found
    assert "|" not in found
    assert place == where
    assert advice.startswith(remedy)


def test_a_line_of_vars_that_is_missing_is_told_with_the_files_that_ask_for_it(tmp_path: Path) -> None:
    """dbt names none where the YAML beside a model asks."""
    asks = tmp_path / "dbt_project" / "models" / "staging" / "till" / "_till__models.yml"
    asks.parent.mkdir(parents=True)
    asks.write_text("models:\n  - name: x\n    columns: \"{{ var('shape_columns').orders }}\"\n")
    (asks.parent / "other.sql").write_text("select 1 from {{ var('shape_columns_of_mine') }}")
    error = RuntimeError(
        "Compilation Error\n  Could not render {{ var('shape_columns').orders }}: Required var 'shape_columns' not found in config:\n"
        "  Vars supplied to <Configuration> = {}"
    )
    _, where, remedy = explain_parse_error(error, tmp_path / "dbt_project")
    assert where == "dbt_project/models/staging/till/_till__models.yml"
    assert remedy.startswith(
        "write a line shape_columns into `vars` of dbt_project/dbt_project.yml, or take it out"
    )

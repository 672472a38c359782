# Onefold: many channels, one customer. `make demo` is the place to start.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := data/demo
# pyspark and pyspark-client of the development extras are one package: Spark has an environment of its own.
SPARK := .venv-spark
# What works on a home runs there, too, where the home's engine is Spark.
ifeq ($(ONEFOLD_ENGINE),spark)
HOME_BIN := $(SPARK)/bin
HOME_READY := $(SPARK)/.ready
else
HOME_BIN := $(BIN)
HOME_READY := $(READY)
endif
# A file's tests share what they set up, so they stay together; files go in the order that tests/conftest.py gives them.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

EACH ?= 16

export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo run lint types style check-sql web ui dagster docs docs-site check format test test-integration test-all test-spark test-mutants shapes bench-landing bench-identity bench-insight bench-build bench-pages bench-activation bench-rights bench-whole bench-nights lock clean
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "Onefold needs Python 3.11 to 3.13; this is " + sys.version.split()[0] + ": try make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked requirements into $(VENV) (some minutes, once) ..."
	@$(BIN)/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements.lock # the lock is whole: nothing is looked up, so nothing newer is found
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true # on all cores, where pip takes one; some packages carry files for other Pythons
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

setup: $(READY) ## make .venv, install the locked requirements, parse the dbt project
	@$(BIN)/onefold parse

demo: $(HOME_READY) ## simulate a retailer, run everything on it, print what came out (on Spark with ONEFOLD_ENGINE=spark)
	@$(HOME_BIN)/onefold demo --out $(DEMO) $(if $(PERSONS),--customers $(PERSONS))

run: $(HOME_READY) ## run everything on your own inbox (ONEFOLD_HOME, ONEFOLD_INBOX)
	@$(HOME_BIN)/onefold run

web: $(READY) ## the site on the published file
	@$(BIN)/onefold web

ui: web

dagster: $(READY) ## Dagster's own page: graph, runs, checks
	@$(BIN)/onefold dagster

docs: $(READY) ## dbt's documentation of the last build, as one static page
	@$(BIN)/onefold docs

docs-site: $(READY) ## the documentation as a site in site/, for reading offline; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "site/index.html"

check: $(READY) ## lint, format, types, licences, known vulnerabilities, SQL, complexity, YAML, spelling
	@$(MAKE) -s -j2 types style

types: $(READY) ## the types alone, as part of check
	@$(BIN)/mypy

style: $(READY) ## all of check but the types
	@$(BIN)/python -m pip check --quiet
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m checks.licences
	@$(BIN)/python -m checks.vulnerabilities
	@$(MAKE) -s lint
	@$(BIN)/python -m checks.sql

lint: $(READY) ## complexity, YAML and spelling, as part of check
	@$(BIN)/complexipy cdp_assets wheel_build.py --quiet --failed
	@$(BIN)/yamllint --strict .
	@$(BIN)/codespell

check-sql: $(READY) ## lint all SQL, where check lints what differs from main
	@$(BIN)/python -m checks.sql all

format: $(READY) ## rewrite to the house format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

shapes: $(READY) ## render dbt's macro of the shared shapes from cdp_assets/shapes.yaml
	@$(BIN)/python -m cdp_assets.shapes

test: $(READY) ## unit and property tests, and one whole demo: five to ten minutes on two cores
	@$(BIN)/python -m pytest $(PARALLEL)

test-integration: $(READY) ## rooms together: built tables, nights of identity, kills, a browser (five to ten minutes; ROOMS=tests/web for some)
	@$(BIN)/python -m pytest $(PARALLEL) -m 'integration and not slow' $(ROOMS)

test-all: $(READY) ## every test, the long ones and a real retailer too; property tests look for new examples
	@$(BIN)/python -m pytest $(PARALLEL) -m 'slow or not slow' --hypothesis-profile explore

$(SPARK)/.ready: requirements.lock pyproject.toml
	@command -v java >/dev/null || test -n "$$JAVA_HOME" || { echo "Spark needs Java 17, and there is none here: install it (Debian: apt install openjdk-17-jre-headless)"; exit 1; }
	@test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	@echo "Installing Onefold with pyspark into $(SPARK) (some minutes, once) ..."
	@sed -n 's/^\([A-Za-z0-9._-]*==[^\\]*[^\\ ]\).*/\1/p' requirements.lock > $(SPARK)/constraints.txt # the locked versions of all that both environments have
	@$(SPARK)/bin/python -m pip install --quiet --constraint $(SPARK)/constraints.txt -e '.[spark-test]'
	@touch $(SPARK)/.ready

test-spark: $(SPARK)/.ready ## one night on Spark's local mode beside DuckDB's, row by row: PERSONS=3000 (Java 17 from the system; half an hour)
	@ONEFOLD_TEST_SPARK_PERSONS=$(or $(PERSONS),3000) $(SPARK)/bin/python -m pytest -m 'slow or not slow' -rs tests/spark

test-mutants: $(READY) ## small changes to what must not be wrong, each against the nearest tests (an hour; EACH=16 of a module)
	@$(BIN)/python -m checks.mutants --each $(EACH)

bench-landing: $(READY) ## landing beside bare DuckDB and dlt
	@$(BIN)/python benches/bench_landing.py

bench-identity: $(READY) ## identity beside plain Splink
	@$(BIN)/python benches/bench_identity.py

bench-insight: $(READY) ## attribution and customer value beside their peers
	@$(BIN)/python benches/bench_insight.py

bench-build: $(READY) ## all of dbt build on 100,000 customers, beside DuckDB copying the same rows
	@$(BIN)/python benches/bench_build.py

bench-pages: $(READY) ## the site at 100,000 customers: every page, a flip, fifty readers
	@$(BIN)/python benches/bench_pages.py

bench-activation: $(READY) ## 50 audiences at 10 destinations, and a night of 1 % changes, beside bare DuckDB: CUSTOMERS=1000000
	@$(BIN)/python benches/bench_activation.py $(CUSTOMERS)

bench-rights: $(READY) ## an erasure of one person and of a thousand, beside DuckDB copying the same files: CUSTOMERS=1000000
	@$(BIN)/python benches/bench_rights.py $(CUSTOMERS)

bench-nights: $(READY) ## thirty nights of a small retailer: time and size of each
	@$(BIN)/python benches/bench_nights.py

bench-followed: $(READY) ## fifty random histories: each table that follows its inputs equals the one built whole, after every night
	@$(BIN)/python benches/bench_followed.py $(HISTORIES)

bench-whole: $(READY) ## files to published generation by stage, and nights after it, beside the bare engine
	@$(BIN)/python benches/bench_whole.py $(PERSONS)

lock: $(READY) ## renew requirements.lock from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock

clean: ## remove the virtual environment and the demo
	@rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis dbt_project/target

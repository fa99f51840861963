# Everything runs from here; `make help` says what there is.

SUITABLE := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c '$(SUITABLE)' && echo $$p && break; done)
BIN := .venv/bin
# Compiled once, and not at each start of one of the many processes.
unexport PYTHONDONTWRITEBYTECODE
RUN_LOCK := requirements/run.txt
DEV_LOCK := requirements/dev.txt

.PHONY: help run test test-slow test-long test-servers test-extras setup setup-dev setup-motor setup-catboost setup-cloud setup-effects setup-oidc setup-mlflow setup-onnx setup-otel setup-scale setup-supply setup-coverage setup-containers setup-docs docs sbom audit lint lint-containers coverage format bench mutants replay screenshots docker-up docker-down lock clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## everything up: registry, first champion, API, worker, dashboard (PORT, DASHBOARD_PORT, FAROL_TASK, DATA=dir, PERIOD=)
	@exec $(BIN)/python -m deployment.up

test: setup-dev ## the tests but for the slow ones (TESTS=tests/database for a part)
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not long and not servers" $(TESTS)

test-slow: setup-dev ## what takes longer: killed processes, browsers, small fuzzing, `make run` itself
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "slow and not servers" $(TESTS)

test-long: setup-dev ## by hand: whole runs one after the other, replays, a story of a year
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "long and not servers" $(TESTS)

test-servers: setup-dev ## the registry on other servers: FerretDB (needs Go), and MongoDB where TEST_MONGO_URI leads
	$(BIN)/python -m tests.database.servers
	$(BIN)/python -m pytest -n 2 -m servers $(or $(TESTS),tests/database)

test-extras: setup-dev setup-catboost setup-docs setup-effects setup-mlflow setup-onnx setup-otel setup-scale ## by hand: sets the extras up and runs the tests that skip without them
	$(BIN)/python -m tests.extras

setup: .venv/.run-locked ## the virtual environment, from the hashed lock file

setup-dev: .venv/.dev-locked ## the same with the tools that develop it

setup-motor: .venv/.motor-locked ## the set-up and Motor, for FAROL_ASYNC_DRIVER=motor

setup-catboost: .venv/.catboost-locked ## the set-up and CatBoost, for tasks that name it

setup-cloud: .venv/.cloud-locked ## the set-up and what reads and writes s3://, gs:// and abfs://

setup-oidc: .venv/.oidc-locked ## the set-up and Authlib, for people who sign in through their organisation

setup-otel: .venv/.otel-locked ## the set-up and OpenTelemetry, for FAROL_OTEL_ENDPOINT

setup-scale: .venv/.scale-locked ## the set-up and Dask, for FAROL_DASK (docs/dask.md)

setup-effects: .venv/.effects-locked ## the set-up and rdrobust (GPL), for what the lists show without a lottery

setup-mlflow: .venv/.mlflow-locked ## the set-up and MLflow's client, for FAROL_MLFLOW and models that MLflow loads

setup-onnx: .venv/.onnx-locked ## the set-up, ONNX and its runtime, for python -m deployment.onnx

setup-supply: .venv/.supply-locked ## the set-up and what says which libraries it is made of

setup-coverage: .venv/.coverage-locked ## the set-up for `make coverage`

setup-containers: .venv/.containers-locked ## the set-up and what looks at container and Kubernetes files

setup-docs: .venv/.docs-locked ## the set-up and what makes the documentation a site

docs: setup-docs ## the documentation as a site, without the internet, into build/documentation/site
	$(BIN)/python -m deployment.documentation

sbom: setup-supply ## what an image is made of, as CycloneDX, into sbom.json
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json $(RUN_LOCK)

audit: setup-supply ## known weaknesses of the libraries (asks the package index); in a workflow only
	for lock in requirements/*.txt; do \
		$(BIN)/pip-audit --disable-pip --require-hashes --progress-spinner off -r $$lock || failed=1; \
	done; exit $${failed:-0}

lint: setup-dev ## ruff, bandit's rules among it, and mypy, both strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-containers: setup-dev setup-containers ## container, compose, Kubernetes and workflow files, by their schemas and linters
	$(BIN)/python -m tests.deployment.linting

COVERAGE ?= 85
coverage: setup-dev setup-coverage ## the tests but for the slow ones, and fails where they run less than COVERAGE percent
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not long and not servers" \
		--cov --cov-report=term:skip-covered --cov-report=xml --cov-fail-under=$(COVERAGE) $(TESTS)

format: setup-dev ## write the code as ruff would
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## speed and memory between a floor and a limit; writes docs/benchmarks.md (ONLY="served where inside files peers": parts)
	$(BIN)/python -m tests.benchmarks $(if $(ONLY),--only $(ONLY))

mutants: setup-dev ## small changes to trusted modules that no test notices (MODULES="database/leases.py ..."); slow
	nice $(BIN)/python -m tests.mutants $(MODULES)

replay: setup ## what each policy would have served on history (DATA=dir of school files, else sample cohorts)
	$(BIN)/python -m retraining.replay $(if $(DATA),'$(DATA)')

screenshots: setup-dev ## pictures of the dashboard of a running `make run` into docs/pictures (needs chromium)
	$(BIN)/python -m tests.dashboard.screenshots http://127.0.0.1:$(or $(DASHBOARD_PORT),8501) docs/pictures

docker-up: ## containers on this host: MongoDB, API, worker, dashboard, Prometheus, Grafana (needs Docker and .env)
	$(COMPOSE) up --build --detach --wait

docker-down: ## stops them; the volumes with all data stay
	$(COMPOSE) down

lock: setup-dev ## resolve pyproject.toml into the lock files anew (needs uv)
	uv pip compile $(LOCK_FLAGS) pyproject.toml -o $(RUN_LOCK)
	uv pip compile $(LOCK_FLAGS) --extra dev -c $(RUN_LOCK) pyproject.toml -o $(DEV_LOCK)
	uv pip compile $(LOCK_FLAGS) --group api --no-emit-package scipy -c $(RUN_LOCK) -o requirements/api.txt
	uv pip compile $(LOCK_FLAGS) --extra motor -c $(RUN_LOCK) pyproject.toml -o requirements/motor.txt
	uv pip compile $(LOCK_FLAGS) --extra catboost -c $(RUN_LOCK) pyproject.toml -o requirements/catboost.txt
	uv pip compile $(LOCK_FLAGS) --extra cloud -c $(RUN_LOCK) pyproject.toml -o requirements/cloud.txt
	uv pip compile $(LOCK_FLAGS) --extra oidc -c $(RUN_LOCK) pyproject.toml -o requirements/oidc.txt
	uv pip compile $(LOCK_FLAGS) --extra otel -c $(RUN_LOCK) pyproject.toml -o requirements/otel.txt
	uv pip compile $(LOCK_FLAGS) --extra mlflow -c $(RUN_LOCK) pyproject.toml -o requirements/mlflow.txt
	uv pip compile $(LOCK_FLAGS) --extra onnx -c $(RUN_LOCK) pyproject.toml -o requirements/onnx.txt
	uv pip compile $(LOCK_FLAGS) --extra scale -c $(RUN_LOCK) pyproject.toml -o requirements/scale.txt
	uv pip compile $(LOCK_FLAGS) --extra effects -c $(RUN_LOCK) pyproject.toml -o requirements/effects.txt
	uv pip compile $(LOCK_FLAGS) --extra coverage -c $(RUN_LOCK) pyproject.toml -o requirements/coverage.txt
	uv pip compile $(LOCK_FLAGS) --extra containers -c $(RUN_LOCK) pyproject.toml -o requirements/containers.txt
	uv pip compile $(LOCK_FLAGS) --extra supply -c $(RUN_LOCK) pyproject.toml -o requirements/supply.txt
	uv pip compile $(LOCK_FLAGS) --extra docs -c $(RUN_LOCK) pyproject.toml -o requirements/docs.txt

COMPOSE := docker compose $(if $(wildcard .env),--env-file .env) -f deployment/compose.yaml

LOCK_FLAGS := -q --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

clean: ## remove the virtual environment and caches; your data in .farol stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Farol needs python3 >= 3.11 on the PATH (or PYTHON=/path/to/it)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "This python3 cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

# Wheels of LightGBM link the system's OpenMP, which slim machines lack.
.venv/.run-locked: $(RUN_LOCK) | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(RUN_LOCK)
	@$(BIN)/python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || { \
		echo "libgomp.so.1 is missing. On Debian: apt-get install libgomp1"; exit 1; }
	@touch $@

.venv/.%-locked: requirements/%.txt .venv/.run-locked
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

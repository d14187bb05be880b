# The two commands are `make run` and `make test`; `make` alone lists all.
# PYTHON=/path/to/python3.12 names the Python that .venv is made with.

.DEFAULT_GOAL := help
.PHONY: help run test check browser lock program program-check reset codes sim mutants faults \
	install install-dev day crash chaos soak

PYTHON_OF_VENV := .venv/bin/python
# What `program-check` has built, if it could; the program's tests run on it.
CHECKED_PROGRAM := $(CURDIR)/programs/godark/target/checked.so
# The last word of `make test` is pytest's; PYTEST="-k funding" and the like narrow it.
PYTEST :=
# What production demands, with stand-ins: only Django's deploy check reads them.
PRODUCTION := GODARK_ENVIRONMENT=production \
	GODARK_SECRET_KEY=only-for-the-deploy-check-7Qw5zXn2Lr8vTb4KmY6cHd9sJf3gPa1e \
	GODARK_BASE_URL=https://godark.example GODARK_ALLOWED_HOSTS=godark.example \
	GODARK_FIELD_KEYS=b25seS1mb3ItdGhlLWRlcGxveS1jaGVjay0tLS0tLS0= \
	GODARK_TRUSTED_PROXIES=1 DATABASE_URL=postgres://godark@127.0.0.1/godark \
	REDIS_URL=redis://127.0.0.1:6379/0 SOLANA_PROGRAM_ID=11111111111111111111111111111111 \
	SOLANA_USDT_MINT=11111111111111111111111111111111 GODARK_OPERATOR_KEY=env:NOBODY GODARK_VENUE_KEY=env:NOBODY GODARK_VENUE_WALLET=11111111111111111111111111111111 \
	GODARK_SALT_MASTER=$(shell printf '5a%.0s' $$(seq 32))

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1: \2/p' Makefile

run: install ## Set up what is missing and start the venue (GODARK_PORT=8001 for another port)
	@exec $(PYTHON_OF_VENV) -m godark.supervisor --end-with-parent

test: check program-check browser ## Check everything that CI checks
	PROGRAM=$$(ls $(CHECKED_PROGRAM) 2>/dev/null) $(PYTHON_OF_VENV) -m pytest --cov --numprocesses logical --maxprocesses 4 --dist loadfile $(PYTEST)

check: install-dev ## The quick part of it: format, lint, types, imports, migrations, deploy, locks
	$(PYTHON_OF_VENV) -m ruff format --check .
	$(PYTHON_OF_VENV) -m ruff check .
	$(PYTHON_OF_VENV) -m mypy . .ci
	PYTHONPATH=clients/python $(PYTHON_OF_VENV) -c "from importlinter.cli import lint_imports_command as main; main()"
	GODARK_ENVIRONMENT=test $(PYTHON_OF_VENV) -W ignore::RuntimeWarning manage.py \
		makemigrations --check --dry-run
	$(PRODUCTION) $(PYTHON_OF_VENV) manage.py check --deploy --fail-level WARNING
	$(PYTHON_OF_VENV) .ci/locks.py --check

program: ## Build the Solana program from its source, in place of the committed bytes
	@$(MAKE) --no-print-directory -C programs/godark build

# Rebuilds it where the tools for that are, compares bytes, and leaves them for the tests.
program-check:
	@rm -f $(CHECKED_PROGRAM)
	@CI_BUILD=$(CHECKED_PROGRAM) programs/godark/build.sh --check

sim: install-dev ## Try the engine in random worlds (MINUTES=5, or SEEDS=17 to see one again)
	$(PYTHON_OF_VENV) -m tests.simulation.run

mutants: install-dev ## Change the engine's formulas one by one and see that a test notices (MODULES=health)
	$(PYTHON_OF_VENV) -m tests.mutation.run

faults: install-dev ## Die between two writes, FAULTS=1000 times (SEED=17 begins with one life)
	$(PYTHON_OF_VENV) -m tests.simulation.run_faults

DAY_WORDS = $(if $(DATA),--data $(DATA)) $(if $(SEED),--seed $(SEED)) $(if $(SPEED),--speed $(SPEED))

day: install-dev ## Trade a recorded day with many traders (DATA=PATH, SPEED=5, SEED=1)
	$(PYTHON_OF_VENV) -m bench.day $(DAY_WORDS)

crash: install-dev ## The same with a price that falls 16%: liquidations to the last step
	$(PYTHON_OF_VENV) -m bench.day --crash $(DAY_WORDS)

chaos: install-dev ## The same day while processes are killed at random
	$(PYTHON_OF_VENV) -m bench.day --faults $(DAY_WORDS)

soak: install-dev ## Trade steadily and see that nothing grows (MINUTES=20)
	$(PYTHON_OF_VENV) -m bench.day --soak $(or $(MINUTES),20) $(DAY_WORDS)

browser: install-dev
	@$(PYTHON_OF_VENV) tests/browser/chromium.py

lock: install-dev ## Compile requirements.txt and requirements-dev.txt from pyproject.toml
	$(PYTHON_OF_VENV) .ci/locks.py

reset: install ## Empty var/: the database, Redis, the logs (asks first; YES=1 does not)
	@$(PYTHON_OF_VENV) -m godark.supervisor.reset $(if $(filter 1,$(YES)),--yes)

codes: install ## Show the demonstration staff's log-in codes of this half minute
	@$(PYTHON_OF_VENV) -m godark.supervisor.codes

install:
	@python=$$(sh .ci/find-python) && "$$python" -I .ci/install.py requirements.txt

install-dev:
	@python=$$(sh .ci/find-python) && "$$python" -I .ci/install.py requirements-dev.txt

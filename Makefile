# The commands of the project; `make help` says what each does.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench bench-large soak train rollback tools clean

PYTHON ?=
SET_UP = python=$$(sh app/setup/python.sh "$(PYTHON)") && exec "$$python" -m app.bootstrap
VENV = .venv/bin/python
# Where the set-up had to fetch Node.js, that one goes first.
WEB = cd web && PATH="$(CURDIR)/var/tools/node/bin:$$PATH" && node_modules/.bin

help: ## say what each target does
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## set up what is missing and start everything in the foreground; Ctrl-C stops it
	@$(SET_UP) run

test: lint ## set up what is missing and run every check and test
	@$(WEB)/vitest run
	@$(VENV) -m pytest -n 2 --dist loadgroup

lint: tools ## only the checks: style, types, layers
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy
	@.venv/bin/lint-imports
	@$(WEB)/oxlint --deny-warnings

bench: tools ## measure beside the stock Rasa bot; tables, and JSON in benchmarks/results
	@$(VENV) -m benchmarks

bench-large: tools ## a hundred thousand phrasings, and indexes over a million vectors; takes half an hour
	@$(VENV) -m pip install -q -r requirements/bench-large.txt
	@$(VENV) -m benchmarks.large

soak: tools ## the long runs: deliveries, kills, faults, memory
	@$(VENV) -m benchmarks.soak

train: ## train Rasa's bot anew if its files have changed, check it, and let the running one take it
	@$(SET_UP) train

rollback: ## go back to the bot before the last training; once more, and forth again
	@$(SET_UP) rollback

tools:
	@$(SET_UP) tools

clean: ## remove what the set-up made; conversations and articles in var/ stay
	rm -rf .venv .venv-rasa web/node_modules web/dist var/models var/tools var/rasa-cache var/logs

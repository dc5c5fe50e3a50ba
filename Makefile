# Every target sets up .venv by itself. `make help` lists them.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help generate check test rehearse rehearse-outages rehearse-diaspora rehearse-sleep \
	rehearse-shell lint format cost chart prices bench constraints pre-commit clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

generate: $(READY) ## write the templates and the pages' generated parts
	$(BIN)/python generate.py $(ARGS)

check: $(READY) ## fail where a committed file is not what the generator writes
	$(BIN)/python generate.py --check $(ARGS)

test: $(READY) ## run the tests: no root, no network
	$(BIN)/pytest --numprocesses auto $(ARGS)

rehearse: $(READY) ## bake the image and run the pod here (root; ARGS go to pytest)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[rehearsal]'
	@$(BIN)/python -m tests.rehearsal $(ARGS)

rehearse-outages: $(READY) ## measure for how long nobody is served, and write it down (root)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[rehearsal]'
	@$(BIN)/python -m tests.rehearsal outages

# Upstream's repository and the Gemfile's gems, unless the environment says otherwise.
rehearse-diaspora rehearse-sleep: export DIASPORA_REPOSITORY ?= https://github.com/diaspora/diaspora.git
rehearse-diaspora: $(READY) ## the same with diaspora* itself, and write its report (root)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[browser,rehearsal]'
	@$(BIN)/python -m tests.rehearsal diaspora $(ARGS)

rehearse-sleep: $(READY) ## play a day to diaspora* and send it thousands of messages (root, two hours)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[rehearsal]'
	@$(BIN)/python -m tests.rehearsal sleep $(ARGS)

rehearse-shell: $(READY) ## run one pod here to look around in (ARGS="PodName=mine")
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[rehearsal]'
	@$(BIN)/python -m tests.rehearsal shell $(ARGS)

lint: $(READY) ## cfn-lint, ruff, mypy, shellcheck, shfmt, packer validate
	tools/lint

format: $(READY) ## format Python and shell
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .
	tools/shell-scripts | xargs -r $(BIN)/shfmt -i 4 -w

cost: $(READY) ## what a pod costs a month (ARGS="--profile ten --parameter PodInstanceType=t4g.small")
	@$(BIN)/python -m diaspora_cf.cost $(ARGS)

chart: $(READY) ## draw the pictures of the cost anew
	$(BIN)/python -m diaspora_cf.cost.chart

prices: $(READY) ## read the unit prices anew from AWS (needs an account)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[prices]'
	$(BIN)/python -m diaspora_cf.cost.refresh

bench: $(READY) ## time the generator beside what it is made of, and a CDK app
	$(BIN)/python -m tests.bench $(ARGS)

constraints: ## pin every package anew (PYTHON must be the oldest that is supported)
	PYTHON="$(PYTHON)" tools/pin-packages

pre-commit: $(READY) ## check every commit before it is made
	$(BIN)/pre-commit install

clean: ## remove .venv and caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache *.egg-info

$(READY): setup.cfg pyproject.toml constraints.txt
	PYTHON="$(PYTHON)" tools/make-venv
	@touch $@

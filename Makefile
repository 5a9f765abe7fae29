# Every target runs under Node >= 24: the one installed, or the npm package node@24.
SHELL := /bin/bash
NODE_OK := $(shell node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 24 ? 0 : 1)' 2>/dev/null && echo yes)
ifneq ($(NODE_OK),yes)
NODE_DIR := $(shell npx --yes --package node@24 --call 'dirname "$$(command -v node)"' 2>/dev/null)
ifeq ($(NODE_DIR),)
$(error Node 24 or newer is needed, and npx could not fetch the npm package node@24)
endif
export PATH := $(NODE_DIR):$(PATH)
endif

.PHONY: test test-court demo invariants mutants coverage slither
# All tests: contracts, packages, end to end.
test: node_modules/.ready
	npm test
# Cases, demands and juries end to end, on served chains.
test-court: node_modules/.ready
	npm run test:court
# The protocol at work on a local chain: make demo ARGS="--epochs 20"
demo: node_modules/.ready
	npm run demo -- $(ARGS)
# What must hold whatever is done, eight times as long as in the tests.
invariants: node_modules/.ready
	npm run invariants
# Which tests notice small changes of the contracts: make mutants ARGS="--only stake --sample 24"
mutants: node_modules/.ready
	npm run mutants -- $(ARGS)
# Whether the Solidity tests run every line of the contracts.
coverage: node_modules/.ready
	npm run coverage
# Known kinds of faults in the contracts, where Python and its package index can be had.
slither: node_modules/.ready
	npm run slither
node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@

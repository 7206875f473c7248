# Aliases; everything real is in dev.py and pyproject.toml.
.PHONY: run test check lock openapi release-contract clients

run:
	python3 dev.py run

test:
	python3 dev.py test

check: ## the quick look, seconds
	python3 dev.py check

lock: ## after a change of dependencies; the locks name no registry
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --extra embedded --extra telemetry --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --extra embedded --extra telemetry --group build --group dev pyproject.toml -o requirements-dev.lock

openapi: ## after a change of routes or models: write the contract
	.venv/bin/python -m api.openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json

release-contract: openapi ## at a release: what later contracts are compared with
	cp openapi/openapi.json openapi/baseline.json
	echo "[]" > openapi/waivers.json

clients: ## the second linter and the two generators that the suite leaves out
	.venv/bin/python -m tests.openapi.more_clients

bench: ## every figure of the performance page but P-7, some fifteen minutes on a quiet machine
	for figure in p1 p2 p3 p8 p9; do .venv/bin/python -m bench.$$figure || exit 1; done

reliability: ## 50 kills under load; REGULARS_SEED=n repeats a run
	REGULARS_KILLS=50 .venv/bin/python -m pytest -q -s tests/e2e/test_kills.py

soak: ## 2 000 kills, some hours
	REGULARS_KILLS=2000 .venv/bin/python -m pytest -q -s tests/e2e/test_kills.py

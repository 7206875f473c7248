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

"""Writes the contract: `python -m api.openapi > openapi/openapi.json`."""

import sys

from api.openapi.document import contract_text

if __name__ == "__main__":
    sys.stdout.write(contract_text())

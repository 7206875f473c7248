"""`make clients`: what the suite leaves out for time: Redocly's lint, hey-api with zod, orval; all must compile."""

import json
import sys
import tempfile
from pathlib import Path

from api.docs import DOCUMENT
from tests.openapi.node import ROOT, TOOLS, install, tool

CLIENTS = TOOLS / "clients"
HEY_API = """export default {
  input: %s,
  output: "hey",
  plugins: ["@hey-api/client-fetch", "@hey-api/sdk", "@hey-api/typescript", "zod"],
};
"""
ORVAL = """module.exports = {
  shop: { input: %s, output: { mode: "single", target: "orval/shop.ts", client: "fetch" } },
};
"""
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom", "dom.iterable"],
        "skipLibCheck": True,
        "typeRoots": [],
    },
    "include": ["hey/**/*.ts", "orval/**/*.ts"],
}


def main() -> int:
    """Run everything in a folder of its own; the first fault ends it."""
    modules = install(CLIENTS)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "node_modules").symlink_to(modules)
        where = json.dumps(str(DOCUMENT))
        (here / "openapi-ts.config.mjs").write_text(HEY_API % where)
        (here / "orval.config.cjs").write_text(ORVAL % where)
        (here / "tsconfig.json").write_text(json.dumps(TSCONFIG))
        rules = str(ROOT / "openapi" / "redocly.yaml")
        _run("redocly", "@redocly/cli/bin/cli.js", "lint", "--config", rules, str(DOCUMENT), cwd=here)
        _run("hey-api", "@hey-api/openapi-ts/bin/run.js", "-f", "openapi-ts.config.mjs", cwd=here)
        _run("orval", "orval/dist/bin/orval.js", "--config", "orval.config.cjs", cwd=here)
        _run("tsc", "typescript/bin/tsc", "--project", "tsconfig.json", cwd=here)
    return 0


def _run(name: str, *arguments: str, cwd: Path) -> None:
    tool(*arguments, cwd=cwd, folder=CLIENTS)
    sys.stdout.write(f"{name}: fine\n")


if __name__ == "__main__":
    sys.exit(main())

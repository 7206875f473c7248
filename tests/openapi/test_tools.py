"""Linters find nothing and generated clients compile."""

import subprocess
import sys
from pathlib import Path

from api.docs import DOCUMENT
from tests.openapi.node import ROOT, install, tool

SMOKE = """
import createClient from "openapi-fetch";
import type { components, paths } from "./contract";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000", headers: { Authorization: "Bearer x" } });

export async function smoke(): Promise<components["schemas"]["Live"]> {
  const { data, error } = await client.GET("/health/live");
  if (error !== undefined) {
    throw new Error(error.code);
  }
  return data;
}

export async function whoAmI(): Promise<string> {
  const { error } = await client.GET("/v1/me");
  return error === undefined ? "known" : error.code;
}
"""
TSCONFIG = """{
  "compilerOptions": {
    "strict": true, "noEmit": true, "target": "es2022", "module": "esnext", "moduleResolution": "bundler",
    "lib": ["es2022", "dom", "dom.iterable"], "skipLibCheck": true, "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true, "typeRoots": []
  },
  "files": ["smoke.ts"]
}"""


def test_spectral_finds_nothing(tmp_path: Path) -> None:
    """Not even a hint; the rules stand in openapi/spectral.yaml."""
    rules = str(ROOT / "openapi" / "spectral.yaml")
    told = tool(
        "@stoplight/spectral-cli/dist/index.js",
        *("lint", "--ruleset", rules, "--fail-severity", "hint", "--quiet", str(DOCUMENT)),
        cwd=tmp_path,
    )
    assert "error" not in told


def test_a_typescript_client_compiles(tmp_path: Path) -> None:
    """openapi-typescript and openapi-fetch, strictly checked."""
    (tmp_path / "node_modules").symlink_to(install())
    tool("openapi-typescript/bin/cli.js", str(DOCUMENT), "--output", "contract.d.ts", cwd=tmp_path)
    (tmp_path / "smoke.ts").write_text(SMOKE)
    (tmp_path / "tsconfig.json").write_text(TSCONFIG)

    tool("typescript/bin/tsc", "--project", "tsconfig.json", cwd=tmp_path)


def test_a_python_client_compiles(tmp_path: Path) -> None:
    """openapi-python-client: no operation is dropped, every file type-checks."""
    config = tmp_path / "config.yaml"
    config.write_text("project_name_override: shop-client\npackage_name_override: shop_client\npost_hooks: []\n")
    made = _run(
        *("-m", "openapi_python_client", "generate", "--path", str(DOCUMENT), "--config", str(config)),
        *("--meta", "none", "--output-path", str(tmp_path / "shop_client")),
        cwd=tmp_path,
    )
    assert "WARNING" not in made
    assert "ERROR" not in made

    _run("-m", "compileall", "-q", "shop_client", cwd=tmp_path)
    _run("-m", "mypy", "--ignore-missing-imports", "--cache-dir", str(tmp_path / "cache"), "shop_client", cwd=tmp_path)


def _run(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout + done.stderr

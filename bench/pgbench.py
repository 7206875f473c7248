"""PostgreSQL's own load generator, as the limit that ours is held against."""

import os
import subprocess
import tempfile
from pathlib import Path

from bench.installation import Installation, connection_environment
from bench.load import Figures


def run_pgbench(made: Installation, script: str, *, clients: int, seconds: float) -> Figures:
    """Run `script` with prepared statements as the application's role, each client on a connection of its own.

    Raises:
        RuntimeError: pgbench failed; its words are in the text.
    """
    program = made.binaries.program("pgbench")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "script.sql"
        file.write_text(script)
        command = [str(program), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(round(seconds))]
        command += ["-f", str(file), "-l", "--log-prefix", str(Path(place) / "log")]
        environment = {**os.environ, **connection_environment(made.app_url), "LC_ALL": "C"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0 or "aborted" in done.stderr:
            raise RuntimeError(done.stderr[-4000:])
        latencies = [
            int(line.split()[2]) / 1e6 for log in Path(place).glob("log.*") for line in log.read_text().splitlines()
        ]
    return Figures(float(round(seconds)), latencies)

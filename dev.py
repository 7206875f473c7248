#!/usr/bin/env python3
"""The two commands of the README, with nothing but Python: `python3 dev.py run` and `python3 dev.py test`.

Standard library only, and readable by old Pythons as far as the sentence that refuses them.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
STAMP = VENV / "regulars-stamp.json"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-dev.lock"}
CHECKS = (
    ("ruff check", ["bin/ruff", "check", "--quiet", "."]),
    ("ruff format", ["bin/ruff", "format", "--quiet", "--check", "."]),
    ("mypy", ["bin/mypy"]),
    ("import-linter", ["bin/lint-imports"]),
)
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
USAGE = """\
python3 dev.py run  [options of `regulars run`]   start everything: database, API, worker
python3 dev.py test [options of pytest]           all checks and tests; with options, these tests only
python3 dev.py check                              ruff, mypy, import-linter, unit and architecture tests
"""
NO_PIP = (
    "This Python has no pip, so nothing can be installed; on Debian or Ubuntu run: apt-get install python3-pip "
    "(or put uv into PATH)."
)


class Trouble(Exception):
    """A step failed; the text says which and what to try."""


def say(text):
    """Print one line at once: what follows may replace this process."""
    print(text, flush=True)


def quiet(step, command, advice, env=None):
    """Run a command, show its words only when it fails."""
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-15:])
        raise Trouble(f"{step} failed. {advice}\n{words}")
    return done.stdout


def works(command):
    """Return whether a command can be run at all."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def find_uv():
    """Return the path of uv, installed into .tools when it is not in PATH; None when it cannot be had."""
    for found in (shutil.which("uv"), str(TOOLS / "bin" / "uv")):
        if found and works([found, "--version"]):
            return found
    if not works([sys.executable, "-m", "pip", "--version"]):
        return None
    say("dev.py: fetching uv into .tools")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    try:
        quiet("fetching uv", [*command, "--target", TOOLS, "uv"], "")
    except Trouble:
        return None
    found = str(TOOLS / "bin" / "uv")
    return found if works([found, "--version"]) else None


def pip_settings():
    """Return pip's own settings (files and variables), which uv does not read."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found = {}
    for line in done.stdout.splitlines():
        match = re.match(r"(?:global|install|:env:)\.([a-z-]+)='(.*)'$", line)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def uv_environment():
    """Return the environment for uv: never another Python, and the registry that pip is told to use."""
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1")
    home = Path(os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path("~").expanduser())
    if not os.access(home, os.W_OK):
        env["UV_CACHE_DIR"] = str(TOOLS / "cache")
    own = [
        Path("/etc/uv/uv.toml"),
        Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")).expanduser() / "uv" / "uv.toml",
    ]
    if any(name in env for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")) or any(path.exists() for path in own):
        return env
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # as pip does; every file's hash is pinned anyway
    for name, value in pip_settings().items():
        if name in names:
            env.setdefault(names[name], value)
    return env


def install_with_uv(uv, lock):
    """Fill .venv by uv, exactly as the lock says."""
    env = uv_environment()
    advice = "Is a package registry reachable? Run the same command again: what was fetched is kept."
    if not venv_is_sound():
        quiet("making .venv", [uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV], "", env)
    head = [uv, "pip", "--quiet"]
    quiet(f"installing {lock.name}", [*head, "sync", "--python", PYTHON, "--require-hashes", lock], advice, env)
    project = ["install", "--python", PYTHON, "--no-deps", "--no-build-isolation", "--editable", ROOT]
    quiet("installing the project", [*head, *project], "", env)


def install_with_pip(lock):
    """The same by venv and pip, where uv cannot be had."""
    if not venv_is_sound() or not works([str(PYTHON), "-m", "pip", "--version"]):
        shutil.rmtree(VENV, ignore_errors=True)
        advice = "Install uv (python3 -m pip install --user uv), or on Debian and Ubuntu: apt-get install python3-venv."
        quiet("making .venv", [sys.executable, "-m", "venv", VENV], advice)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    advice = "Is a package registry reachable? Run the same command again."
    quiet(f"installing {lock.name}", [*pip, "--require-hashes", "-r", lock], advice)
    quiet("installing the project", [*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT], advice)


def venv_is_sound():
    """Return whether .venv runs this very Python and was made in this very folder."""
    config = VENV / "pyvenv.cfg"
    if not config.exists() or not works([str(PYTHON), "-c", ""]):
        return False
    same = quiet("asking .venv", [PYTHON, "-c", "import sys; print(sys.version_info[:3], sys.prefix)"], "")
    return same.strip() == f"{sys.version_info[:3]} {VENV}"


def digest(content):
    """Return the hash of some bytes."""
    return hashlib.sha256(content).hexdigest()


def wanted(level):
    """Return what the stamp says when nothing is to be done."""
    import tomllib  # noqa: PLC0415 - a Python that is too old has none, and must come as far as the sentence on it

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = json.dumps([project["project"], project["build-system"], project["tool"]["hatch"]], sort_keys=True)
    files = {path.name: digest(path.read_bytes()) for path in (LOCKS["run"], LOCKS[level])}
    return {
        "level": level,
        "root": str(ROOT),
        "python": sys.version,
        "files": files,
        "project": digest(installed.encode()),
    }


def stamped():
    """Return what the last installation left, or nothing."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def ensure(level):
    """Make .venv hold what `level` needs; the tests' tools are never taken away again."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # two commands at once install once
        found = stamped()
        if found.get("level") == "test":
            level = "test"
        if found == wanted(level) and PYTHON.exists():
            return
        say(f"dev.py: installing what {LOCKS[level].name} lists into .venv")
        started = time.monotonic()
        install(level)
        STAMP.write_text(json.dumps(wanted(level)))
        say(f"dev.py: installed in {time.monotonic() - started:.0f} s")
    except PermissionError as error:
        raise Trouble(f"This user may not write {error.filename or ROOT}; run as the owner of this folder.") from error
    finally:
        os.close(folder)


def install(level):
    """Fill .venv by the first road that is open: uv, else venv and pip."""
    STAMP.unlink(missing_ok=True)
    uv = find_uv()
    has_pip = works([sys.executable, "-m", "pip", "--version"]) or works(
        [sys.executable, "-m", "ensurepip", "--version"]
    )
    if uv is None and not has_pip:
        raise Trouble(NO_PIP)
    if uv is not None:
        try:
            install_with_uv(uv, LOCKS[level])
        except Trouble as trouble:
            if not has_pip:
                raise
            say(f"dev.py: uv could not do it ({str(trouble).splitlines()[-1][:160]}); trying venv and pip")
        else:
            return
    install_with_pip(LOCKS[level])


def run(options):
    """Become `regulars run`: a signal sent to this process reaches the supervisor itself."""
    ensure("run")
    # A signal that comes while the supervisor still loads waits until it can obey; it lets them in again.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "runtime.cli", "run", *options])


def gates():
    """Run every check that reads the code; return the names of those that found something."""
    failed = []
    for name, (program, *options) in CHECKS:
        if subprocess.run([str(VENV / program), *options], cwd=ROOT, check=False).returncode != 0:
            say(f"dev.py: {name} found something")
            failed.append(name)
    return failed


def pytest(options, env=None):
    """Run pytest on two processes; its closing line is the last that it prints."""
    command = [str(PYTHON), "-m", "pytest", *options]
    if not any(option.startswith("-n") for option in options):
        command += ["-n", "2"]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def distribution_server():
    """Return the folder with the programs of the machine's own oldest PostgreSQL from 15 on, or None."""
    found = {}
    for program in Path("/usr/lib/postgresql").glob("*/bin/postgres"):
        version = program.parents[1].name
        if version.isdigit() and int(version) >= 15:
            found[int(version)] = program.parent
    return found[min(found)] if found else None


def test(options):
    """All checks and tests, or with options those tests only; in CI the database's tests on both servers."""
    ensure("test")
    if options:
        return pytest(options)
    failed = gates()
    place = distribution_server() if os.environ.get("CI") == "true" else None
    if place is not None:
        say(f"dev.py: the integration tests on {place}")
        env = dict(os.environ, REGULARS_TEST_POSTGRES_BIN=str(place))
        if pytest(["-q", "tests/integration"], env) != 0:
            failed.append(f"integration tests on {place}")
        say("dev.py: everything on the embedded server")
    code = pytest([])
    if failed:
        say(f"dev.py: not clean: {', '.join(failed)}")
    return code or (1 if failed else 0)


def check(options):
    """The quick look."""
    ensure("test")
    failed = gates()
    return pytest(options or ["-q", "tests/unit", "tests/architecture"]) or (1 if failed else 0)


def stop(*_):
    """End like a command that Ctrl-C ended, whatever the signal was."""
    raise KeyboardInterrupt


def main(arguments):
    """Run one of the commands."""
    if sys.version_info < (3, 11):
        say(f"Regulars needs Python 3.11 or newer; this is {sys.version.split()[0]}: run dev.py with a newer one.")
        return 1
    if not sys.platform.startswith("linux"):
        say("Regulars runs on Linux; on other systems use a Linux container or machine.")
        return 1
    commands = {"run": run, "test": test, "check": check}
    if not arguments or arguments[0] not in commands:
        say(USAGE)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell's background job ignores Ctrl-C
        signal.signal(number, stop)
    try:
        return commands[arguments[0]](arguments[1:])
    except Trouble as trouble:
        say(f"dev.py: {trouble}")
        return 1
    except KeyboardInterrupt:
        say("dev.py: stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Whoever builds behind a mirror must find no other registry's address in the tree."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOSTS = (
    ("pypi", "org"),
    ("python" + "hosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("crates", "io"),
    ("deb", "debian", "org"),
)


def test_no_tracked_file_names_a_host_of_a_package_registry() -> None:
    """Lock files carry hashes, never addresses (design: stack)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    found = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file():
            continue
        content = path.read_bytes()
        found += [(name, ".".join(host)) for host in HOSTS if ".".join(host).encode() in content]

    assert found == []

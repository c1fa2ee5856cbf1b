"""Runs graphql-core's own execution tests on plans: `make conformance`.

The tests come from graphql-core's source package, of the very version that the lock file pins, and are run from a
folder that goes afterwards; nothing of them is kept here.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = ("uv_build", "pytest", "pytest-asyncio", "pytest-describe", "pytest-timeout", "pytest-benchmark")
ROOMS = [
    "executor",
    "lists",
    "nonnull",
    "union_interface",
    "abstract",
    "directives",
    "mutations",
    "variables",
    "error_propagation",
    "parallel",
    "resolve",
    "sync",
    "oneof",
    "schema",
    "customize",
    "middleware",
]


def main() -> int:
    """The exit code of the run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        binaries = place / "venv" / "bin"
        _run(sys.executable, "-m", "venv", str(place / "venv"))
        _run(str(binaries / "python"), "-m", "pip", "install", "--quiet", *TOOLS)
        source = _source(place, binaries)
        tests = [str(source / "tests" / "execution" / f"test_{room}.py") for room in ROOMS]
        # The library under test and the plans are those of the environment that runs this.
        ours = [str(ROOT), str(Path(__file__).parent), *(one for one in sys.path if one.endswith("site-packages"))]
        command = [str(binaries / "python"), "-m", "pytest", *tests, "-q", "-rfE", "--tb=short", "-p", "core_on_plans"]
        return subprocess.run(
            command, cwd=source, env={**os.environ, "PYTHONPATH": os.pathsep.join(ours)}, check=False
        ).returncode


def _source(place: Path, binaries: Path) -> Path:
    path = {**os.environ, "PATH": os.pathsep.join([str(binaries), os.environ.get("PATH", "")])}
    name = f"graphql-core=={version('graphql-core')}"
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(place)]
    _run(str(binaries / "python"), "-m", "pip", "download", *options, name, env=path)
    (archive,) = place.glob("graphql_core-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    return place / archive.name.removesuffix(".tar.gz")


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=env)


if __name__ == "__main__":
    sys.exit(main())

"""Compiles, types and lints what clients ask, and has it asked: Relay, GraphQL Code Generator, graphql-eslint, gql.

The tools of `generators/` come from the npm registry, of the very versions that its lock file pins, into a folder that
goes afterwards. Their manifests are handed to `profile-gateway documents add`, and the programs ask by those names.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx

from tests.conformance import python_gql, relay_server
from tests.conformance.asking import SECRET, anybody, bearer
from tests.gateway.processes import Running

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = Path(__file__).parent / "clients"
GENERATORS: Final = Path(__file__).parent / "generators"
_COMMAND: Final = (sys.executable, "-c", "from gateway.cli import main; main()")
_KNOWN_WITHIN_S: Final = 15.0
_QUIET: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")


def main() -> int:
    """0 where everything passed."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        place = _laid(Path(folder))
        running = Running(Path(folder) / "data", "demo", GATEWAY_JWT_SECRET=SECRET)
        try:
            running.ready()
            failed = [name for name, passes in _steps(place, running).items() if not _told(name, passes)]
        finally:
            running.end()
            running.kill()
    told = f"failed: {', '.join(failed)}" if failed else "All compilers, generators, linters and programs pass."
    sys.stdout.write(f"{told}\n")
    return 1 if failed else 0


def _laid(folder: Path) -> Path:
    """The folder in which the tools work, with what they read."""
    ignored = shutil.ignore_patterns("node_modules", "generated", "__generated__", "persisted", "out")
    place = folder / "generators"
    shutil.copytree(GENERATORS, place, ignore=ignored)
    (folder / "clients").mkdir()
    shutil.copy(CLIENTS / "checking.mjs", folder / "clients")
    shutil.copy(ROOT / "schema.graphql", place)
    shutil.copy(ROOT / "examples" / "webchat" / "documents.graphql", place / "documents" / "webchat.graphql")
    # relay-compiler adds to a file that is there.
    (place / "persisted").mkdir()
    (place / "persisted" / "relay.json").write_text("{}")
    (place / "relay" / "__generated__").mkdir()
    subprocess.run(["npm", "--prefix", str(place), "ci", *_QUIET], check=True)
    return place


def _steps(place: Path, running: Running) -> Mapping[str, Callable[[], bool]]:
    customer = anybody(running.address)
    environment = {
        **os.environ,
        "GATEWAY_URL": f"{running.address}/graphql",
        "GATEWAY_TOKEN": bearer("agent", "anna")["Authorization"].removeprefix("Bearer "),
        "GATEWAY_CUSTOMER": customer,
    }

    def node(*words: str) -> bool:
        return subprocess.run(["node", *words], cwd=place, env=environment, check=False).returncode == 0

    def tool(name: str, *words: str) -> bool:
        return node(str(place / "node_modules" / ".bin" / name), *words)

    return {
        "Relay server specification": lambda: relay_server.passes(running.address),
        # Before documents are trusted: from then on nobody runs any others without having signed in.
        "gql": lambda: asyncio.run(python_gql.passes(running.address, customer)),
        "graphql-eslint": lambda: node("lint.mjs"),
        "relay-compiler": lambda: tool("relay-compiler", "relay.config.json"),
        "GraphQL Code Generator": lambda: node("codegen.mjs"),
        "tsc --strict": lambda: tool("tsc", "--noEmit") and tool("tsc"),
        "documents add": lambda: _added(place, running),
        "programs on what was compiled": lambda: node("programs.mjs"),
    }


def _told(name: str, passes: Callable[[], bool]) -> bool:
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()
    passed = passes()
    if not passed:
        sys.stdout.write(f"  FAIL  {name}\n")
    return passed


def _added(place: Path, running: Running) -> bool:
    """Whether the manifests of both compilers are taken, to the last document."""
    files = [place / "persisted" / name for name in ("relay.json", "codegen.json")]
    named = [name for file in files for name in json.loads(file.read_text())]
    # The demo's database is one of its own.
    where = {"GATEWAY_DATA_FOLDER": f"{running.environment['GATEWAY_DATA_FOLDER']}/demo", "GATEWAY_DATABASE": "demo"}
    added = subprocess.run(
        [*_COMMAND, "documents", "add", *map(str, files)],
        env={**running.environment, **where},
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stdout.write(f"  {(added.stdout + added.stderr).strip()} (of {len(named)})\n")
    return f" {len(named)}." in added.stdout + added.stderr and _known(running.address, named[-1])


def _known(address: str, name: str) -> bool:
    """Whether the gateway knows the document within seconds, as the command says."""
    until = time.monotonic() + _KNOWN_WITHIN_S
    while time.monotonic() < until:
        answer = httpx.post(
            f"{address}/graphql", json={"documentId": name}, headers=bearer("agent", "anna"), trust_env=False
        )
        if "PERSISTED_QUERY_NOT_FOUND" not in answer.text:
            return True
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    sys.exit(main())

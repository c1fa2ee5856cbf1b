"""Asks a gateway thousands of questions that Schemathesis makes up, in every role: `make conformance`.

No answer may be a server's error, none may hold an error without a code, none may give null where the schema says that
there is none, and the log may tell of nothing unforeseen. Schemathesis is installed into a folder that goes afterwards.
"""

import argparse
import collections
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graphql import build_client_schema, build_schema, get_introspection_query, print_schema

from tests.conformance.asking import SECRET, answered, anybody, bearer
from tests.gateway.processes import Running

PINNED: Final = ("schemathesis==4.32.5", "hypothesis-graphql==0.13.5", "hypothesis==6.170.17", "graphql-core==3.3.2")
NOBODY: Final = "nobody"
# Administrators come last: they erase customers.
ROLES: Final = (NOBODY, "visitor", "partner", "agent", "supervisor", "administrator")
# So many callers of each role take turns: whose question took long to be refused waits a while (gateway/cooling.py).
CALLERS: Final = 400
# It is answers that are tried here, and not limits.
FREE: Final = {
    "GATEWAY_REQUESTS_PER_MINUTE": "0",
    "GATEWAY_NEW_QUESTIONS_MS_PER_S": "0",
    "GATEWAY_COST_PER_MINUTE": "0",
    "GATEWAY_LOOKUPS_PER_MINUTE": "0",
    "GATEWAY_QUESTION_COST": "50000",
    "GATEWAY_QUESTION_DEPTH": "60",
    "GATEWAY_QUESTION_FIELDS": "3000",
    "GATEWAY_QUESTION_ALIASES": "3000",
    "GATEWAY_QUESTION_TOKENS": "20000",
    "GATEWAY_QUESTION_BYTES": "260000",
    "GATEWAY_JWT_SECRET": SECRET,
}
HOOKS: Final = Path(__file__).parent
KNOWN: Final = """{
  customers(first: 20) { nodes { id identities { id value } contactPoints { id } labels { id }
    notes(first: 2) { nodes { id } } tickets(first: 2) { nodes { id } } purchases(first: 2) { nodes { id } }
    conversations(first: 2) { nodes { id messages(first: 2) { nodes { id } } } } } }
  labels { id name } agents { id } agentGroups { id name } relationTypes { id } campaigns { id name } topics { id }
  attributeDefinitions { id name } channels { name accounts { id account } } }"""


def main() -> int:
    """0 where everything passed."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("roles", nargs="*", choices=[[], *ROLES], help="In which; in all where none is named.")
    told.add_argument("--cases", type=int, default=2_000, help="At least so many in each role.")
    told.add_argument("--seed", type=int, default=1, help="By another number other questions are made up.")
    asked = told.parse_args()
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        place = Path(folder)
        command = _installed(place / "tool")
        running = Running(place / "data", "demo", **FREE)
        try:
            running.ready()
            _schema(running.address, place)
            _known(running.address, place)
            tool = _Tool(command=command, folder=place, address=running.address)
            failed = [one for one in asked.roles or ROLES if not _passes(one, tool, asked.cases, asked.seed)]
        finally:
            running.end()
            running.kill()
        if unforeseen := [line for line in running.lines if '"level":"error"' in line or "Traceback" in line]:
            sys.stdout.write("  FAIL  The log tells of what nobody foresaw:\n" + "".join(unforeseen[:20]))
    sys.stdout.write(f"failed: {', '.join(failed) or 'the log'}\n" if failed or unforeseen else "No server errors.\n")
    return 1 if failed or unforeseen else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tool:
    """Schemathesis, the folder in which it reads and writes, and whom it asks."""

    command: str
    folder: Path
    address: str


def _installed(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    quiet = ("--quiet", "--disable-pip-version-check")
    subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", *quiet, *PINNED], check=True)
    return str(folder / "bin" / "schemathesis")


def _schema(address: str, folder: Path) -> None:
    """Writes the schema as administrators are told it, without two directives that graphql-core refuses."""
    told = answered(address, get_introspection_query(), bearer("administrator", "root"))["data"]["__schema"]
    directives = [one for one in told["directives"] if one["name"] not in ("defer", "stream")]
    text = print_schema(build_client_schema({"__schema": told | {"directives": directives}}))
    (folder / "schema.graphql").write_text(text, "utf-8")


def _known(address: str, folder: Path) -> None:
    """Writes ids and words that are there, so that questions meet something."""
    answer = answered(address, KNOWN, bearer("administrator", "root"))
    if "errors" in answer:
        raise SystemExit(f"Nothing is known: {answer['errors']}")
    found: dict[str, set[str]] = collections.defaultdict(set)

    def look(at: Any, name: str = "") -> None:
        if isinstance(at, dict):
            for key, one in at.items():
                look(one, key)
        elif isinstance(at, list):
            for one in at:
                look(one, name)
        elif isinstance(at, str):
            found["ids" if name == "id" else "words"].add(at)

    look(answer["data"])
    customers = [one["id"] for one in answer["data"]["customers"]["nodes"]]
    kept = {key: sorted(values) for key, values in found.items()} | {"customers": customers}
    (folder / "known.json").write_text(json.dumps(kept), "utf-8")


def _headers(role: str, address: str) -> list[dict[str, str]]:
    """What each of the callers sends: the demo's gateway believes this machine who its callers are."""
    headers = []
    more = {"partner": {"scope": "lookup personal schema"}, "visitor": {"customer_id": anybody(address)}}
    for n in range(CALLERS):
        of = {} if role == NOBODY else bearer(role, f"{role}{n}", **more.get(role, {}))
        headers.append({"X-Forwarded-For": f"198.51.{100 + n // 250}.{n % 250}", **of})
    return headers


def _passes(role: str, tool: _Tool, cases: int, seed: int) -> bool:
    (tool.folder / "headers.json").write_text(json.dumps(_headers(role, tool.address)), "utf-8")
    seen = tool.folder / f"{role}.lines"
    seen.touch()
    passed = True
    # As the schema has it, until there are enough of them; and then a quarter as many that break it.
    while passed and (asked := len(seen.read_text().splitlines())) < cases:
        passed = _run(tool, seen, mode="positive", cases=cases - asked, seed=seed)
        seed += 1
    passed = passed and _run(tool, seen, mode="negative", cases=cases // 4, seed=seed)
    sys.stdout.write(f"  {'ok  ' if passed else 'FAIL'}  {role}: {_counted(seen)}\n")
    sys.stdout.flush()
    return passed


def _run(tool: _Tool, seen: Path, *, mode: str, cases: int, seed: int) -> bool:
    """Whether so many questions, and some more, are all answered as they should be."""
    options = {
        "--url": f"{tool.address}/graphql",
        "--mode": mode,
        "--max-examples": str(math.ceil(cases / _operations(tool.folder))),
        "--checks": "response_schema_conformance,answered_well",
        "--phases": "fuzzing",
        "--suppress-health-check": "all",
        "--generation-database": "none",
        "--seed": str(seed),
    }
    words = itertools.chain.from_iterable(options.items())
    done = subprocess.run(
        [tool.command, "run", "schema.graphql", "--no-color", "--continue-on-failure", *words],
        cwd=tool.folder,
        env=_environment(tool.folder, seen),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stdout.write(done.stdout[-20_000:] + done.stderr[-2_000:])
    return done.returncode == 0


def _environment(folder: Path, seen: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(HOOKS),
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "HOOKS_FOLDER": str(folder),
        "HOOKS_SEEN": str(seen),
        "NO_PROXY": "*",
    }


def _operations(folder: Path) -> int:
    """How many questions there are to ask: Schemathesis tries each as often, and leaves federation's own out."""
    schema = build_schema((folder / "schema.graphql").read_text("utf-8"))
    roots = [one.fields for one in (schema.query_type, schema.mutation_type) if one]
    return sum(not name.startswith("_") for fields in roots for name in fields)


def _counted(seen: Path) -> str:
    """How many questions there were, and how many answers had which code."""
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    codes = collections.Counter(code for line in lines for code in line["codes"] or ["no error"])
    return f"{len(lines)} cases; " + ", ".join(f"{code} {count}" for code, count in codes.most_common())


if __name__ == "__main__":
    sys.exit(main())

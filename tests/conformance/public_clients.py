"""Runs public clients, audits and compositions against a gateway: `make conformance`.

The tools come from the npm registry, of the very versions that the lock file pins, and are installed into a folder that
goes afterwards. Each script in `clients/` tells line by line what passed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from pydantic import SecretStr

from gateway.settings import Settings
from gateway.tokens import signed_token
from resolvers.kit.viewer import Role
from resolvers.schema import graph
from tests.gateway.processes import Running

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).parent / "clients"
SCRIPTS = ("audit", "sockets", "events", "apollo", "urql", "request", "federation", "supergraph", "rights", "changes")
SECRET = "a sample secret for conformance, long enough"
FIRST = "{ customers(first: 1) { nodes { id } } }"


def main() -> int:
    """0 where everything passed."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        place = Path(folder) / "clients"
        shutil.copytree(CLIENTS, place, ignore=shutil.ignore_patterns("node_modules"))
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(["npm", "--prefix", str(place), "ci", *quiet], check=True)
        running = Running(Path(folder) / "data", "demo", GATEWAY_JWT_SECRET=SECRET)
        try:
            running.ready()
            return _all(place, running)
        finally:
            running.end()
            running.kill()


def _all(place: Path, running: Running) -> int:
    customer = _customer(running.address, _token(Role.AGENT, "anna"))
    enforced = place / "enforced.graphql"
    enforced.write_text(graph().text(is_enforced=True), "utf-8")
    environment = {
        **os.environ,
        "GATEWAY_URL": f"{running.address}/graphql",
        "GATEWAY_PARTNER": _token(Role.PARTNER, "shop"),
        "GATEWAY_VISITOR": _token(Role.VISITOR, "guest", customer_id=customer),
        "GATEWAY_CUSTOMER": customer,
        "SCHEMA_ENFORCED": str(enforced),
        "SCHEMA_RELEASED": str(CLIENTS.parent / "released.graphql"),
        "SCHEMA_NOW": str(ROOT / "schema.graphql"),
    }
    failed = []
    for name in SCRIPTS:
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        # Each is somebody else: whose questions took long to be refused has to wait (gateway/cooling.py).
        who = {"GATEWAY_TOKEN": _token(Role.AGENT, name)}
        if subprocess.run(["node", f"{name}.mjs"], cwd=place, env={**environment, **who}, check=False).returncode:
            failed.append(name)
    told = f"failed: {', '.join(failed)}" if failed else "All clients, audits and compositions pass."
    sys.stdout.write(f"{told}\n")
    return 1 if failed else 0


def _token(role: Role, subject: str, **more: str) -> str:
    """A token by which somebody of that role asks."""
    settings = Settings(jwt_secret=SecretStr(SECRET))
    return signed_token(settings, role, subject, at=time.time(), for_s=3600, more=more)


def _customer(address: str, token: str) -> str:
    """Somebody whom the clients ask about."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{address}/graphql", json={"query": FIRST}, headers=headers, trust_env=False).json()
    try:
        found: str = answer["data"]["customers"]["nodes"][0]["id"]
    except (KeyError, TypeError) as error:
        raise SystemExit(f"There is no customer: {answer}") from error
    return found


if __name__ == "__main__":
    sys.exit(main())

"""Who asks when a gateway is tried, and of whom: tokens of every role, and a customer who is there."""

import time
from typing import Any, Final

import httpx
import jwt

SECRET: Final = "a sample secret for conformance, long enough"
_ANYBODY: Final = "{ customers(first: 1) { nodes { id } } }"


def bearer(role: str, subject: str, **claims: str) -> dict[str, str]:
    """The header by which somebody of that role asks, good for an hour."""
    said = {"sub": subject, "name": subject, "role": role, "exp": int(time.time()) + 3_600, **claims}
    return {"Authorization": f"Bearer {jwt.encode(said, SECRET, algorithm='HS256')}"}


def answered(address: str, query: str, headers: dict[str, str], **variables: Any) -> dict[str, Any]:
    """What a gateway answers: `data`, `errors`, `extensions`."""
    body = {"query": query, "variables": variables}
    answer = httpx.post(f"{address}/graphql", json=body, headers=headers, trust_env=False, timeout=60)
    told: dict[str, Any] = answer.json()
    return told


def anybody(address: str) -> str:
    """The id of a customer whom the demo has."""
    told = answered(address, _ANYBODY, bearer("agent", "anna"))
    try:
        found: str = told["data"]["customers"]["nodes"][0]["id"]
    except (KeyError, TypeError) as error:
        raise SystemExit(f"There is no customer: {told}") from error
    return found

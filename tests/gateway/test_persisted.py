"""May a signed-in client name by its hash what it has sent before, as Apollo's clients and urql do?"""

import hashlib
import json
from typing import Any

import pytest

from gateway.persisted import Persisted
from resolvers.kit.viewer import Role
from tests.gateway.conftest import ANSWERED, GRAPHQL, JSON, ME, Gate, OpenGate, code_of
from tests.makers import Makers

MISSED = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
UNSUPPORTED = {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
MUTATION = "mutation { wait(seconds: 0) { __typename } }"


def hashed(text: str, version: Any = 1) -> dict[str, Any]:
    """What Apollo's clients say of a text in its place."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


async def named(gate: Gate, text: str = ME, *, headers: dict[str, str] | None = None) -> Any:
    """The answer to a text's hash alone."""
    sent = {"Accept": GRAPHQL} | (headers or gate.bearer())
    return (await gate.client.post("/graphql", json={"extensions": hashed(text)}, headers=sent)).json()


async def sent(gate: Gate, text: str = ME, *, headers: dict[str, str] | None = None) -> Any:
    """The answer to a text with its hash."""
    return (await gate.ask(text, extensions=hashed(text), headers=headers)).json()


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_apollo_exchange(gate: Gate, accept: str, status: int) -> None:
    """A hash that is not known is told by the code and the very words for which clients send the text; then it is."""
    headers = gate.bearer() | {"Accept": accept}
    missed = await gate.client.post("/graphql", json={"extensions": hashed(ME)}, headers=headers)
    assert (missed.status_code, missed.json()) == (status, {"errors": [MISSED]})
    assert await sent(gate) == ANSWERED
    assert await named(gate) == ANSWERED


async def test_named_by_get(gate: Gate) -> None:
    """What was posted once is asked for by GET from then on; a mutation is not."""
    for text in (ME, MUTATION):
        await sent(gate, text)
    params = {"extensions": json.dumps(hashed(ME))}
    assert (await gate.client.get("/graphql", params=params, headers=gate.bearer())).json() == ANSWERED
    params = {"extensions": json.dumps(hashed(MUTATION))}
    assert (await gate.client.get("/graphql", params=params, headers=gate.bearer())).status_code == 405


async def test_all_signed_in_share(gate: Gate) -> None:
    """Partners name what they or colleagues have sent, too."""
    partner = gate.bearer(Role.PARTNER, subject="anna")
    assert await sent(gate, headers=partner) == ANSWERED
    assert await named(gate) == await named(gate, headers=partner) == ANSWERED


@pytest.mark.parametrize(
    "text", ["{ nothing }", "{", "{ viewer { subject } } #" + "x" * 70_000, "{" + "a: me " * 99 + "}"]
)
async def test_invalid_not_kept(gate: Gate, text: str) -> None:
    """What is not valid, or beyond a limit, is not kept."""
    assert "errors" in await sent(gate, text)
    assert await named(gate, text) == {"errors": [MISSED]}


async def test_other_hash_not_kept(gate: Gate) -> None:
    """A text with the hash of another is refused, and kept under neither."""
    response = await gate.ask(MUTATION, extensions=hashed(ME))
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert await named(gate) == await named(gate, MUTATION) == {"errors": [MISSED]}


@pytest.mark.parametrize("version", [2, 0, "1", None, [1]])
async def test_other_version_refused(gate: Gate, version: Any) -> None:
    """There is one version, and another is told so."""
    response = await gate.ask(ME, extensions=hashed(ME, version))
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert "version" in response.json()["errors"][0]["message"]


async def test_visitors_keep_nothing(gate: Gate, make: Makers) -> None:
    """A visitor's text is run and not kept, nor is another's named by a visitor's hash; the client learns to stop."""
    customer = await make.customer("Ann")
    visitor = gate.bearer(Role.VISITOR, subject="anna", customer_id=customer.id)
    assert await named(gate, headers=visitor) == {"errors": [UNSUPPORTED]}
    assert await sent(gate, headers=visitor) == ANSWERED
    assert await named(gate) == {"errors": [MISSED]}
    await sent(gate)
    assert await named(gate, headers=visitor) == {"errors": [UNSUPPORTED]}


async def test_strangers_keep_nothing(gate: Gate) -> None:
    """Whoever has not signed in has nothing kept, and is told no more than what they may name."""
    stranger = {"Accept": GRAPHQL}
    response = await gate.client.post("/graphql", json={"query": ME, "extensions": hashed(ME)}, headers=stranger)
    assert code_of(response) == "UNAUTHENTICATED"
    assert await named(gate, headers=stranger) == {"errors": [UNSUPPORTED]}
    assert await named(gate) == {"errors": [MISSED]}


async def test_turned_off(open_gate: OpenGate) -> None:
    """Where it is turned off, clients are told so as Apollo does it; a text runs with its hash or without."""
    gate = open_gate(persisted_queries=False)
    assert await sent(gate) == ANSWERED
    assert await named(gate) == {"errors": [UNSUPPORTED]}


def test_memory_is_bounded() -> None:
    """What was not asked for the longest goes first; whatever is sent, no more is held than may be."""
    kept = Persisted(most_bytes=1_000)
    for name in "abc":
        kept.keep(name, name * 100)
        kept.keep(name, name * 100)
    assert kept.get("a") == "a" * 100
    for name in "def":
        kept.keep(name, name * 100)
    assert (kept.get("b"), kept.get("a"), len(kept)) == (None, "a" * 100, 5)
    kept.keep("g", "\N{GRINNING FACE}" * 200)
    assert (kept.get("g") is not None, len(kept)) == (True, 1)
    kept.keep("h", "h" * 1_000)
    assert len(kept) == 0

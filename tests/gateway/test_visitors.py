"""Does a company's backend sign its visitors in, and do they see what is their own alone?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from gateway.keys import make_key
from resolvers.kit.viewer import VISITORS_SCOPE, Role
from tests.gateway.conftest import SIGNS, Gate, OpenGate
from tests.makers import Made, Makers

MINT = """mutation ($input: MintVisitorTokenInput!) { mintVisitorToken(input: $input) {
  ... on MintVisitorTokenPayload { token expiresAt customer { id } } ... on Refusal { code message inputPath } } }"""
OWN = "query ($id: ID!) { customer(id: $id) { firstName conversations { totalCount } } }"


async def _mint(gate: Gate, one: Made, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    given = {"customerId": one.id, **more}
    if headers is None:
        headers = gate.bearer(Role.PARTNER, scope=VISITORS_SCOPE)
    return (await gate.ask(MINT, headers=headers, variables={"input": given})).json()


async def _read(gate: Gate, token: str, one: Made) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return (await gate.ask(OWN, headers=headers, variables={"id": one.id})).json()


async def test_sees_own(open_gate: OpenGate, make: Makers) -> None:
    """With an API key of the scope a backend mints a token; its bearer sees the own things and nobody else's."""
    gate, ann, eve = open_gate(), await make.customer("Ann"), await make.customer("Eve")
    await make.conversation(ann, "Hello")
    key = await make_key(make.store, name="pages", scopes=[VISITORS_SCOPE], at=datetime.now(UTC), expires_at=None)
    minted = (await _mint(gate, ann, headers={"X-API-Key": key}))["data"]["mintVisitorToken"]
    found = await _read(gate, minted["token"], ann)
    assert found["data"] == {"customer": {"firstName": "Ann", "conversations": {"totalCount": 1}}}
    assert (await _read(gate, minted["token"], eve))["data"] == {"customer": None}


async def test_ends(open_gate: OpenGate, make: Makers) -> None:
    """The token is good for as long as was asked for, and the answer says until when."""
    now = datetime.now(UTC).replace(microsecond=0)
    gate, ann = open_gate(clock=lambda: now), await make.customer()
    minted = (await _mint(gate, ann, minutes=5))["data"]["mintVisitorToken"]
    assert datetime.fromisoformat(minted["expiresAt"]) == now + timedelta(minutes=5)
    claims = jwt.decode(minted["token"], SIGNS, algorithms=["HS256"])
    assert datetime.fromtimestamp(claims["exp"], UTC) == now + timedelta(minutes=5)


async def test_merged_keeps_own(open_gate: OpenGate, make: Makers) -> None:
    """To be merged with somebody is no proof of being that one: the token opens the own things alone."""
    gate, old, ann = open_gate(), await make.customer("Old"), await make.customer("Ann")
    await make.merged(old, ann, "CONVERSATIONS")
    await make.conversation(ann, "My card number is ...")
    minted = (await _mint(gate, old))["data"]["mintVisitorToken"]
    assert minted["customer"] == {"id": ann.id}
    assert (await _read(gate, minted["token"], ann))["data"]["customer"] is None
    own = (await _read(gate, minted["token"], old))["data"]["customer"]
    assert own == {"firstName": "Old", "conversations": {"totalCount": 0}}


WHO_AM_I = "{ viewer { role customer { id firstName conversations { totalCount } } } }"


async def test_asks_who_one_is(open_gate: OpenGate, make: Makers) -> None:
    """A visitor asks `viewer` which customer the token means, and a merged one is told of the own record alone."""
    gate, old, ann = open_gate(), await make.customer("Old"), await make.customer("Ann")
    await make.merged(old, ann, "CONVERSATIONS")
    await make.conversation(ann, "My card number is ...")
    for one, name, count in ((old, "Old", 0), (ann, "Ann", 1)):
        headers = gate.bearer(Role.VISITOR, customer_id=one.id)
        found = (await gate.ask(WHO_AM_I, headers=headers)).json()["data"]["viewer"]
        own = {"id": one.id, "firstName": name, "conversations": {"totalCount": count}}
        assert found == {"role": "VISITOR", "customer": own}


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMINISTRATOR, Role.PARTNER])
async def test_others_are_no_customer(open_gate: OpenGate, make: Makers, role: Role) -> None:
    """Whoever is no visitor is no customer either, whatever the token says beside the role."""
    gate, ann = open_gate(), await make.customer("Ann")
    found = await gate.ask(WHO_AM_I, headers=gate.bearer(role, customer_id=ann.id))
    assert found.json()["data"]["viewer"]["customer"] is None


@pytest.mark.parametrize(
    ("role", "more"), [(Role.PARTNER, {"scope": "personal lookup"}), (Role.AGENT, {}), (Role.SUPERVISOR, {})]
)
async def test_needs_scope(open_gate: OpenGate, make: Makers, role: Role, more: dict[str, str]) -> None:
    """Nobody without the scope mints tokens, but for administrators; a visitor least of all."""
    gate, ann = open_gate(), await make.customer()
    refused = await _mint(gate, ann, headers=gate.bearer(role, **more))
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    visitor = gate.bearer(Role.VISITOR, customer_id=ann.id)
    assert (await _mint(gate, ann, headers=visitor))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "data" in await _mint(gate, ann, headers=gate.bearer(Role.ADMINISTRATOR))


async def test_refusals(open_gate: OpenGate, make: Makers) -> None:
    """A wrong time, nobody's id, and a gateway without a secret are refused in words."""
    gate, ann = open_gate(), await make.customer()
    for minutes in (0, -1, 1441):
        refused = (await _mint(gate, ann, minutes=minutes))["data"]["mintVisitorToken"]
        assert (refused["code"], refused["inputPath"]) == ("INVALID_INPUT", ["input", "minutes"])
    nobody = Made(ann.key.__class__())
    assert (await _mint(gate, nobody))["data"]["mintVisitorToken"]["code"] == "NOT_FOUND"


async def test_no_secret(open_gate: OpenGate, make: Makers) -> None:
    """Where tokens come from an identity provider alone, the gateway mints none."""
    gate, ann = open_gate(jwt_secret=None), await make.customer()
    key = await make_key(make.store, name="pages", scopes=[VISITORS_SCOPE], at=datetime.now(UTC), expires_at=None)
    refused = (await _mint(gate, ann, headers={"X-API-Key": key}))["data"]["mintVisitorToken"]
    assert refused["code"] == "NOT_PERMITTED"
    assert "GATEWAY_JWT_SECRET" in refused["message"]

"""An export is fetched by a path that is good for minutes, and opens one customer alone."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from adapters.mongo import StoreDown
from gateway.app import records_of
from gateway.exports import BadTicket, Tickets
from gateway.settings import Settings
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from tests.gateway.conftest import SEAL, Gate, OpenGate
from tests.makers import Made, Makers

EXPORT = """mutation($id: ID!) { exportCustomer(input: { customerId: $id }) {
  ... on ExportCustomerPayload { path expiresAt } ... on Refusal { code } } }"""
ERASE = """mutation($id: ID!) { eraseCustomer(input: { customerId: $id, version: 1, reason: REQUESTED }) {
  ... on EraseCustomerPayload { erasure { state } } } }"""
BEGIN = datetime.now(UTC).replace(microsecond=0)


async def _path(gate: Gate, one: Made) -> Any:
    headers = gate.bearer(Role.ADMINISTRATOR, subject="boss")
    response = await gate.ask(EXPORT, headers=headers, variables={"id": one.id})
    return response.json()["data"]["exportCustomer"]


async def test_fetched(gate: Gate, make: Makers) -> None:
    """Whoever has the path fetches a ZIP, without signing in, that no cache keeps."""
    one = await make.customer("Ann", "Lee")
    await make.note(one, "Likes blue")
    response = await gate.client.get((await _path(gate, one))["path"])
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(response.content)) as opened:
        told = json.loads(opened.read("customer.json"))
    assert (told["ids"], told["notes"][0]["text"]) == ([one.id], "Likes blue")


async def test_path_ends(open_gate: OpenGate, make: Makers) -> None:
    """Ten minutes later the path opens nothing; a second before it does."""
    # At import it would be long ago in a long run, and the token over.
    begin = now = datetime.now(UTC).replace(microsecond=0)
    gate = open_gate(clock=lambda: now)
    found = await _path(gate, await make.customer())
    assert datetime.fromisoformat(found["expiresAt"]) == begin + timedelta(minutes=10)
    now = begin + timedelta(seconds=599)
    assert (await gate.client.get(found["path"])).status_code == 200
    assert (await gate.client.head(found["path"])).content == b""
    now = begin + timedelta(seconds=600)
    refused = await gate.client.get(found["path"])
    assert refused.status_code == 410
    assert "exportCustomer" in refused.json()["errors"][0]["message"]


async def test_path_forged(gate: Gate, make: Makers) -> None:
    """A path that was changed, or signed for something else, opens nothing."""
    one = await make.customer()
    path = (await _path(gate, one))["path"]
    token = gate.token(Role.VISITOR, customer_id=one.id)
    unsigned = jwt.encode({"sub": one.id, "exp": 9_999_999_999}, None, algorithm="none")
    for ticket in (path[:-3] + "abc", "/exports/junk", f"/exports/{token}", f"/exports/{unsigned}"):
        assert (await gate.client.get(ticket)).status_code == 410
    assert (await gate.client.post(path)).status_code == 405


async def test_path_is_no_token(gate: Gate, make: Makers) -> None:
    """What opens an export signs nobody in."""
    path = (await _path(gate, await make.customer()))["path"]
    headers = {"Authorization": f"Bearer {path.removeprefix('/exports/')}"}
    assert (await gate.ask("{ viewer { subject } }", headers=headers)).status_code == 401


async def test_erased_meanwhile(gate: Gate, make: Makers) -> None:
    """The path of a customer who was erased opens nothing."""
    one = await make.customer()
    path = (await _path(gate, one))["path"]
    headers = gate.bearer(Role.ADMINISTRATOR, subject="boss")
    begun = await gate.ask(ERASE, headers=headers, variables={"id": one.id})
    assert begun.json()["data"]["eraseCustomer"]["erasure"]["state"] == "RUNNING"
    assert (await gate.client.get(path)).status_code == 410
    assert (await _path(gate, one))["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ZeroDivisionError("zqxsjwkh"), 500, "INTERNAL"),
        (StoreDown("The database does not answer."), 503, "UNAVAILABLE"),
    ],
    ids=["bug", "down"],
)
async def test_unforeseen_is_masked(
    open_gate: OpenGate, make: Makers, error: Exception, status: int, code: str
) -> None:
    """What goes wrong has its code as everywhere, and what nobody foresaw is told by a reference alone."""
    gate = open_gate()
    path = (await _path(gate, await make.customer()))["path"]

    def broken() -> datetime:
        raise error

    gate = open_gate(clock=broken)
    response = await gate.client.get(path)
    (told,) = response.json()["errors"]
    assert (response.status_code, told["extensions"]["code"]) == (status, code)
    assert ("reference" in told["extensions"]) == (code == "INTERNAL")
    assert "zqxsjwkh" not in response.text


@pytest.mark.parametrize("sub", ["junk", "Tm90ZTo2YjA4MDUzZmY3OGE5ZjMwZmU0M2I0ZGE"])
def test_ticket_names_customer(sub: str) -> None:
    """A ticket names a customer, and nothing else."""
    tickets = Tickets(SEAL)
    signed = jwt.encode({"sub": sub, "exp": 9_999_999_999}, tickets._key, algorithm="HS256")
    with pytest.raises(BadTicket):
        tickets.customer(signed, BEGIN)


def test_records_as_settings_say(house: Graph) -> None:
    """Without the setting no record has an index more."""
    assert records_of(house, Settings()) == records_of(house)

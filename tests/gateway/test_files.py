"""A file that came with a message is fetched by whoever may see the message, and kept from then on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.accesses import ACCESSES
from resolvers.attachments import ATTACHMENTS
from resolvers.customers import CUSTOMERS
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.channels.whatsapp.conftest import reaching
from tests.channels.whatsapp.double import NUMBER, Cloud, enveloped, message, serving
from tests.conftest import NOW
from tests.crowd import attachment
from tests.gateway.conftest import Gate, OpenGate, code_of
from tests.makers import Makers

KEY = "1479537139650973"
BYTES = b"\xff\xd8 a picture"


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """A vendor who has the picture."""
    async with serving(Cloud()) as served:
        served.keep(KEY, BYTES)
        yield served


@pytest.fixture
async def whatsapp(cloud: Cloud) -> AsyncIterator[WhatsApp]:
    """A number of ours there."""
    async with reaching(cloud, replace(WhatsApp.manners, tries=1)) as channel:
        yield channel


@pytest.fixture
async def path(store: Store, whatsapp: WhatsApp) -> str:
    """Where the picture is fetched that Sheena sent."""
    image = {"id": KEY, "mime_type": "image/jpeg", "sha256": "?"}
    body = enveloped({"messages": [message("image", image=image)]})
    events = whatsapp._reader.events(body)
    await take(store, [one for event in events for one in event.records], at=NOW, by=f"whatsapp/{NUMBER}")
    (found,) = await store.find(ATTACHMENTS, {})
    return f"/files/{global_id('Attachment', found['_id'])}"


@pytest.fixture
def gate(open_gate: OpenGate, whatsapp: WhatsApp) -> Gate:
    """A gate with that number."""
    return open_gate(lines=Lines([whatsapp]), access_ledger="strict")


async def _fetched(gate: Gate, path: str, role: Role = Role.AGENT, **more: Any) -> httpx.Response:
    return await gate.client.get(path, headers=gate.bearer(role, **more))


async def test_told_where(gate: Gate, path: str) -> None:
    """An attachment says where its bytes are fetched."""
    query = "{ customers(first: 1) { nodes { attachments { nodes { path } } } } }"
    found = (await gate.ask(query)).json()["data"]["customers"]["nodes"][0]["attachments"]["nodes"]
    assert found == [{"path": path}]


async def test_fetched(gate: Gate, path: str) -> None:
    """It comes as something to be saved, under its name and kind, and no page of this gateway's."""
    response = await _fetched(gate, path)
    assert (response.status_code, response.content) == (200, BYTES)
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert response.headers["content-security-policy"].startswith("sandbox")
    assert (response.headers["cache-control"], response.headers["x-content-type-options"]) == ("no-store", "nosniff")


async def test_kept_once_opened(gate: Gate, path: str, cloud: Cloud) -> None:
    """Opened once, it is kept here, and given when its channel has it no more."""
    await _fetched(gate, path)
    cloud.media.clear()
    assert (await _fetched(gate, path)).content == BYTES
    assert len(cloud.tokens) == 1


async def test_goes_with_the_customer(gate: Gate, path: str, store: Store) -> None:
    """Its bytes stand in the record by which they are erased and exported."""
    await _fetched(gate, path)
    (found,) = await store.find(ATTACHMENTS, {})
    assert await store.files.remove(found["file_id"])


async def test_access_written(gate: Gate, path: str, store: Store) -> None:
    """That somebody opened it stands in the access ledger."""
    await _fetched(gate, path)
    (found,) = await store.find(ACCESSES, {})
    (owner,) = await store.find(CUSTOMERS, {})
    assert (found["operation"], found["fields"], found["customers"]) == ("file", ["Attachment.file"], [owner["_id"]])


async def test_who_may(gate: Gate, path: str, store: Store, make: Makers) -> None:
    """A visitor fetches their own alone; a partner needs to see personal values; nobody else learns of it."""
    (owner,) = await store.find(CUSTOMERS, {})
    other = await make.customer("Bea")
    own = {"customer_id": global_id("Customer", owner["_id"])}
    assert (await _fetched(gate, path, Role.VISITOR, **own)).status_code == 200
    assert (await _fetched(gate, path, Role.VISITOR, customer_id=other.id)).status_code == 404
    assert (await _fetched(gate, path, Role.PARTNER, scopes=["read"])).status_code == 403
    refused = await gate.client.get(path)
    assert (refused.status_code, code_of(refused)) == (401, "UNAUTHENTICATED")


async def test_bounded_fields(gate: Gate, path: str) -> None:
    """Whose key is for some fields alone opens files where the attachment's path is among them."""
    for fields, status in ((["Attachment.name"], 403), (["Attachment.path"], 200)):
        more = {"scope": "read personal", "fields": fields}
        assert (await _fetched(gate, path, Role.PARTNER, **more)).status_code == status


@pytest.mark.parametrize("named", ["nonsense", "%00", global_id("Attachment", b"0" * 12), "Q3VzdG9tZXI6MQ=="])
async def test_no_such_file(gate: Gate, named: str) -> None:
    """What is no attachment's id opens nothing."""
    response = await _fetched(gate, f"/files/{named}")
    assert (response.status_code, code_of(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("code", "http", "status"), [(131056, 400, 503), (190, 401, 502), (100, 500, 502), (1, 500, 504)]
)
async def test_vendor_fails(gate: Gate, path: str, cloud: Cloud, code: int, http: int, status: int) -> None:
    """Where its channel does not give it, the answer says why, and the next one may be good."""
    cloud.fails(code, http=http)
    assert (await _fetched(gate, path)).status_code == status
    cloud.error = None
    assert (await _fetched(gate, path)).status_code == 200


async def test_gone(gate: Gate, path: str, cloud: Cloud) -> None:
    """What its channel has no more, and nobody opened, is gone."""
    cloud.media.clear()
    response = await _fetched(gate, path)
    assert (response.status_code, code_of(response)) == (410, "NOT_FOUND")


async def test_without_a_channel(open_gate: OpenGate, make: Makers) -> None:
    """Of an attachment whose source cannot be asked there is nothing but what is told of it."""
    one = await make.customer()
    key = await attachment(make, one, await make.ticket(one))
    assert (await _fetched(open_gate(), f"/files/{global_id('Attachment', key)}")).status_code == 410

"""A gateway that is killed, its database with it, in the middle of an erasure: the next one ends it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from adapters.mongo import Store
from adapters.records import new_id
from gateway.app import records_of
from gateway.database import database, opened_store
from gateway.kept_secrets import with_jwt_secret
from gateway.settings import Settings
from gateway.tokens import signed_token
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import Role
from resolvers.privacy.receipts import ERASURES
from resolvers.schema import graph
from tests.gateway.processes import Running, running
from tests.makers import BEGIN, Made, Makers
from tests.waiting import until

ERASE = """mutation($id: ID!) { eraseCustomer(input: { customerId: $id, version: 1, reason: REQUESTED }) {
  ... on EraseCustomerPayload { erasure { state } } ... on Refusal { code } } }"""
# Some seconds' work: long enough to be killed in the middle of it.
LENGTH = 20_000


@asynccontextmanager
async def _store(folder: Path) -> AsyncIterator[Store]:
    """The store of the gateway that runs on this folder."""
    settings = Settings(data_folder=folder)
    async with database(settings, may_join=True) as url, opened_store(url, settings, records_of(graph())) as store:
        yield store


async def _filled(store: Store) -> Made:
    """A customer with a long history."""
    make = Makers(store)
    one = await make.customer()
    talk = await make.conversation(one)
    usual = {"customer_id": one.key, "conversation_id": talk, "channel": "whatsapp", "account": "main"}
    usual |= {"direction": "IN", "text": "Hello", "sent_at": BEGIN, "status": "RECEIVED", "author_name": None}
    rows = [{"_id": new_id(), "external_id": f"long-{n}", **usual} for n in range(LENGTH)]
    await store.insert(MESSAGES, *rows)
    return one


async def _asked(gateway: Running, folder: Path, one: Made) -> str:
    settings = with_jwt_secret(Settings(data_folder=folder))
    token = signed_token(settings, Role.ADMINISTRATOR, "boss", at=time.time(), for_s=600)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=60) as client:
        sent = {"query": ERASE, "variables": {"id": one.id}}
        answer = await client.post(f"{gateway.address}/graphql", json=sent, headers=headers)
    return str(answer.json()["data"]["eraseCustomer"]["erasure"]["state"])


async def test_erasure_survives_kill(tmp_path: Path) -> None:
    """What a killed gateway had begun to erase is erased by the next one, every document once."""
    folder = tmp_path / "data"
    with running(folder, "serve") as gateway:
        gateway.ready()
        async with _store(folder) as store:
            one = await _filled(store)
            assert await _asked(gateway, folder, one) == "RUNNING"
            assert await store.count(CUSTOMERS, {}) == 0
            assert await store.count(MESSAGES, {}) > 0
            gateway.process.kill()
    with running(folder, "serve") as gateway:
        gateway.ready()
        async with _store(folder) as store:

            async def is_empty() -> bool:
                return await store.count(MESSAGES, {}) == await store.count(CONVERSATIONS, {}) == 0

            await until(is_empty, 120)
            (receipt,) = await store.find(ERASURES, {})
            assert receipt["removed"] == {"customers": 1, "conversations": 1, "messages": LENGTH}
        assert gateway.end() == 0

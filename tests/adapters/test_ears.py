"""Is whoever follows something woken when it changes, by whoever, and by nothing else?"""

import asyncio

from adapters.ears import Ear, Sound
from adapters.mongo import Store
from adapters.records import RecordId, new_id
from resolvers.conversations import CONVERSATIONS, MESSAGES
from tests.conftest import GATE_RECORDS

_LONG_S = 5.0


def _message(talk: RecordId, key: RecordId | None = None) -> dict[str, object]:
    said = {"channel": "webchat", "status": "SENT", "text": "a"}
    return {"_id": key or new_id(), "conversation_id": talk, "customer_id": new_id(), **said}


async def test_woken_by_changes(store: Store) -> None:
    """What is added, changed in what is news, or removed wakes whoever follows it; another process is heard, too."""
    talk, key = new_id(), new_id()
    other = await Store.open(store.url, store.database, [*store.records.values(), *GATE_RECORDS])
    sounds = Sound(MESSAGES, "conversation_id", talk, "webchat"), Sound(CONVERSATIONS, "_id", talk)
    with store.ears.listen(*sounds) as ear:
        # It is woken once when it hears.
        await ear.heard(_LONG_S)
        await other.insert(MESSAGES, _message(talk, key))
        assert await _is_woken(ear)
        await other.update(MESSAGES, {"_id": key}, {"$set": {"status": "READ"}})
        assert await _is_woken(ear)
        await other.delete(MESSAGES, {"_id": key})
        assert await _is_woken(ear)
    await other.close()


async def test_not_by_others(store: Store) -> None:
    """Neither what is another's nor what is no news wakes anybody."""
    talk, other, key = new_id(), new_id(), new_id()
    await store.insert(MESSAGES, _message(talk, key))
    follows = Sound(MESSAGES, "conversation_id", talk)
    with store.ears.listen(follows) as ear, store.ears.listen(Sound(MESSAGES, "conversation_id", other)) as beside:
        await ear.heard(_LONG_S)
        await beside.heard(_LONG_S)
        await store.update(MESSAGES, {"_id": key}, {"$set": {"author_name": "Berta"}})
        await store.insert(MESSAGES, _message(other))
        # Changes are heard in their order.
        assert await _is_woken(beside)
        began = asyncio.get_running_loop().time()
        await ear.heard(0.01)
        assert asyncio.get_running_loop().time() - began >= 0.01
        await store.update(MESSAGES, {"_id": key}, {"$set": {"text": "b"}})
        assert await _is_woken(ear)


async def test_of_a_channel(store: Store) -> None:
    """Of another channel's nothing is heard where a channel is named."""
    talk = new_id()
    follows, other = Sound(MESSAGES, "conversation_id", talk, "webchat"), Sound(CONVERSATIONS, "_id", talk)
    with store.ears.listen(follows) as ear, store.ears.listen(other) as beside:
        await ear.heard(_LONG_S)
        await beside.heard(_LONG_S)
        await store.insert(MESSAGES, {**_message(talk), "channel": "whatsapp"})
        await store.insert(CONVERSATIONS, {"_id": talk, "channel": "webchat"})
        assert await _is_woken(beside)
        began = asyncio.get_running_loop().time()
        await ear.heard(0.01)
        assert asyncio.get_running_loop().time() - began >= 0.01
        await store.insert(MESSAGES, _message(talk))
        assert await _is_woken(ear)


async def test_nobody_listens(store: Store) -> None:
    """As long as nobody follows anything, nobody listens to the database."""
    with store.ears.listen(Sound(MESSAGES, "conversation_id", new_id())):
        assert _listening() == 1
        with store.ears.listen(Sound(MESSAGES, "conversation_id", new_id())):
            assert _listening() == 1
    await asyncio.sleep(0.1)
    assert _listening() == 0


def _listening() -> int:
    return sum(one.get_name() == "ears" for one in asyncio.all_tasks())


async def _is_woken(ear: Ear) -> bool:
    began = asyncio.get_running_loop().time()
    await ear.heard(_LONG_S)
    return asyncio.get_running_loop().time() - began < _LONG_S

"""What Telegram delivers becomes customers, conversations and messages, once; and what an agent answers goes out."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.channels.telegram import Telegram
from adapters.contract.records import HandedOver
from adapters.lines import Lines
from adapters.mongo import Store
from gateway.app import House, application
from gateway.settings import Settings
from resolvers.attachments import ATTACHMENTS
from resolvers.consents import CONSENT_WORDS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.waiting import ASIDE, DELIVERIES
from resolvers.ingest.report import Outcome
from resolvers.kit.shift import Shift
from tests.channels.telegram.double import (
    AT,
    BOT,
    FOLDER,
    HEADER,
    MIA,
    NOW,
    SECRET,
    BotApi,
    blocking,
    chat,
    delivered,
    message,
    sample,
    update,
)
from tests.conftest import Asking
from tests.planted import SEAL, SIGNS
from tests.sending.conftest import SEND
from tests.taking_in import bring, contents

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
OTTO = {"id": 7300999999, "is_bot": False, "first_name": "Otto"}
MIAS = """{ customerByIdentity(channel: "telegram", account: "bike_shop_bot", value: "7300123456") { customer {
  displayName entryPoint { channel referrer } contactPoints { type value isVerified }
  consents { purpose status channel }
  identities { value profile { name username locale } }
  conversations(first: 2) { nodes { id messages(first: 9) { nodes {
    text direction status failureReason attachments { name mediaType } } } } } } } }"""


def records(telegram: Telegram, told: dict[str, Any], kind: str = "message") -> list[HandedOver]:
    """Every record of an update that tells of one thing."""
    return [record for event in telegram.events(delivered(update(told, kind))) for record in event.records]


async def test_samples_are_taken(store: Store, telegram: Telegram) -> None:
    """Each record of each sample is taken in, and coming again it changes nothing."""
    told = [one for name in NAMES for event in telegram.events(delivered(sample(name))) for one in event.records]
    assert set(Counter(type(one).__name__ for one in told)) == {"Person", "Talk", "Utterance", "File", "Say"}
    taken = await bring(store, *told, at=NOW)
    assert [(one.outcome, one.reason) for one in taken.results if one.outcome is Outcome.REJECTED] == []
    held = await contents(store)
    await bring(store, *told, at=NOW)
    assert await contents(store) == held
    assert await store.count(CUSTOMERS, {}) == await store.count(CONVERSATIONS, {}) == 1


async def test_numbers_are_of_a_chat(store: Store, telegram: Telegram) -> None:
    """Each chat counts its own messages: the seventh of one is not that of another."""
    otto = {"from": OTTO, "chat": {"id": OTTO["id"], "type": "private"}}
    await bring(store, *records(telegram, message()), *records(telegram, message(text="Moin", **otto)))
    assert sorted(one["text"] for one in await store.find(MESSAGES, {})) == ["Hello", "Moin"]
    assert await store.count(CUSTOMERS, {}) == 2


async def test_one_file_twice(store: Store, telegram: Telegram) -> None:
    """A file that is sent again, under the same id, came with both messages."""
    sticker = {"file_id": "CAACAgIAAxkBstick01", "emoji": "👋"}
    for number in (7, 8):
        await bring(store, *records(telegram, message(message_id=number, sticker=sticker)))
    assert len({one["of_id"] for one in await store.find(ATTACHMENTS, {})}) == 2


@pytest.mark.parametrize("is_edit_first", [True, False])
async def test_edited(store: Store, telegram: Telegram, *, is_edit_first: bool) -> None:
    """A message is what its author last made of it, in whichever order both are told of."""
    first = records(telegram, message())
    edited = records(telegram, message(text="Better", edit_date=AT + 60), "edited_message")
    for told in (edited, first) if is_edit_first else (first, edited):
        await bring(store, *told)
    (kept,) = await store.find(MESSAGES, {})
    assert kept["text"] == "Better"


async def test_reaction_taken_back(store: Store, telegram: Telegram) -> None:
    """Of how somebody reacts to a message the last stands."""
    for number, signs in enumerate(([{"type": "emoji", "emoji": "👍"}], [])):
        told = {"chat": chat(), "user": MIA, "message_id": 4, "date": AT + number, "new_reaction": signs}
        await bring(store, *records(telegram, told, "message_reaction"))
    (kept,) = await store.find(MESSAGES, {})
    assert kept["text"] == "[reaction taken back]"


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1, 0, 1, 0)])
async def test_edited_within_second(store: Store, telegram: Telegram, order: tuple[int, ...]) -> None:
    """Of two edits of one second the one stands that Telegram counts as the later, in whichever order both come."""
    for n in order:
        told = message(text=("Yes, please send it", "No, do not send it")[n], edit_date=AT)
        for event in telegram.events(delivered(update(told, "edited_message", 480_000_999 + n))):
            await bring(store, *event.records)
    (kept,) = await store.find(MESSAGES, {})
    assert kept["text"] == "No, do not send it"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_reaction_within_second(store: Store, telegram: Telegram, order: tuple[int, ...]) -> None:
    """A reaction that is taken back in the second in which it was given is taken back."""
    for n in order:
        signs = [[{"type": "emoji", "emoji": "👍"}], []][n]
        told = {"chat": chat(), "user": MIA, "message_id": 4, "date": AT, "new_reaction": signs}
        for event in telegram.events(delivered(update(told, "message_reaction", 480_000_999 + n))):
            await bring(store, *event.records)
    (kept,) = await store.find(MESSAGES, {})
    assert kept["text"] == "[reaction taken back]"


async def test_blocked_and_back(store: Store, telegram: Telegram) -> None:
    """That the bot was blocked is written down as the person's word; the newest stands, whichever comes first."""
    back, blocked = blocking("member", at=AT + 60), blocking()
    for told in (back, blocked, back):
        await bring(store, *records(telegram, told, "my_chat_member"))
    (customer,) = await store.find(CUSTOMERS, {})
    assert [(one["purpose"], one["status"]) for one in customer["consents"]] == [("telegram messages", "GRANTED")]
    assert await store.count(CONSENT_WORDS, {}) == 2


@pytest.mark.parametrize("number", ["0", "abc", "+", "1" * 40])
async def test_number_that_is_none(store: Store, telegram: Telegram, number: str) -> None:
    """A shared number that can be none costs the rest nothing when a delivery is read again."""
    told = records(telegram, message(contact={"phone_number": number, "user_id": MIA["id"]}))
    taken = await bring(store, *told)
    assert [one.outcome for one in taken.results[1:]] == [Outcome.INSERTED] * 2


@dataclass
class Shop:
    """A gateway with the bot, over HTTP, and its jobs."""

    ask: Asking
    house: House
    client: httpx.AsyncClient

    async def deliver(self, told: dict[str, Any], secret: str = SECRET) -> int:
        """The status with which a delivery is answered."""
        answer = await self.client.post(f"/webhooks/telegram/{BOT}", json=told, headers={HEADER: secret})
        return answer.status_code

    async def work(self) -> None:
        """Has done what there is to do: deliveries are taken in, and messages handed over."""
        now = self.ask.now
        shift = Shift(store=self.ask.store, declared=self.ask.graph.declared, clock=lambda: now, lines=self.ask.lines)
        for job in shift.jobs():
            while job.name.startswith(("intake", "outbox")) and (job.when is None or await job.when(shift)):
                if not await job.work(shift):
                    break

    async def mia(self) -> Any:
        """The customer, as agents see her."""
        return (await self.ask(MIAS)).data["customerByIdentity"]["customer"]

    async def send(self, talk: str, text: str) -> None:
        """Has an agent answer in a conversation."""
        answer = await self.ask(SEND, input={"key": text, "conversationId": talk, "text": text})
        assert answer.data["sendMessage"]["sent"]["status"] == "QUEUED"
        await self.work()


@pytest.fixture
async def shop(ask: Asking, telegram: Telegram, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop whose bot nobody has written to."""
    ask.lines = Lines([telegram])
    settings = Settings(data_folder=tmp_path, secret=SecretStr(SEAL), jwt_secret=SecretStr(SIGNS))
    house = House(settings, store=ask.store, graph=ask.graph, lines=ask.lines, clock=lambda: ask.now)
    transport = httpx.ASGITransport(application(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://gate.example") as client:
        yield Shop(ask, house, client)


async def test_from_start_to_block(shop: Shop, api: BotApi) -> None:
    """Somebody begins the bot by a link, asks, shares a number, is answered, and blocks the bot."""
    at = int(shop.ask.now.timestamp()) - 600
    contact = {"phone_number": "4942112345678", "first_name": "Mia", "user_id": MIA["id"]}
    photo = [{"file_id": "AgAC1", "file_size": 10}, {"file_id": "AgAC2", "file_size": 900}]
    told = [
        message(message_id=1, date=at, text="/start spring"),
        message(message_id=2, date=at + 10, photo=photo, caption="This one?"),
        message(message_id=3, date=at + 20, contact=contact),
    ]
    for number, one in enumerate((*told, told[1])):
        assert await shop.deliver(update(one, number=480_000_000 + min(number, 3))) == 200
    await shop.work()
    mia = await shop.mia()
    assert (mia["displayName"], mia["entryPoint"]) == ("Mia Brand", {"channel": "telegram", "referrer": "spring"})
    assert mia["contactPoints"] == [{"type": "PHONE", "value": "+4942112345678", "isVerified": False}]
    (talk,) = mia["conversations"]["nodes"]
    said = [(one["text"], [file["name"] for file in one["attachments"]]) for one in talk["messages"]["nodes"]]
    assert said == [("/start spring", []), ("This one?", ["photo.jpg"]), ("[contact: Mia, 4942112345678]", [])]

    await shop.send(talk["id"], "Yes, it is there.")
    assert api.sent == [{"chat_id": str(MIA["id"]), "text": "Yes, it is there."}]
    api.blocked.add(str(MIA["id"]))
    await shop.deliver(update(blocking(at=at + 60), "my_chat_member", 480_000_009))
    await shop.send(talk["id"], "Are you there?")
    mia = await shop.mia()
    ours = [one for one in mia["conversations"]["nodes"][0]["messages"]["nodes"] if one["direction"] == "OUT"]
    assert [one["status"] for one in ours] == ["SENT", "FAILED"]
    assert "blocked the bot" in ours[1]["failureReason"]
    assert mia["consents"] == [{"purpose": "telegram messages", "status": "WITHDRAWN", "channel": "telegram"}]


async def test_forged_over_http(shop: Shop) -> None:
    """Without the word nothing is kept; with it the delivery is kept without the word."""
    assert await shop.deliver(update(message()), secret="guessed") == 401
    assert await shop.ask.store.count(DELIVERIES, {}) == 0
    assert await shop.deliver(update(message())) == 200
    assert SECRET not in repr(await shop.ask.store.find(DELIVERIES, {}))


async def test_unread_over_http(shop: Shop) -> None:
    """What cannot be read, or lies far ahead, is acknowledged, and set aside whole."""
    odd = [update(message(date=at), number=number) for number, at in enumerate((0, 4_102_444_799), 1)]
    for told in (*odd, {"message": message()}):
        assert await shop.deliver(told) == 200
    await shop.work()
    states = [one["state"] for one in await shop.ask.store.find(DELIVERIES, {})]
    assert states == [ASIDE] * 3


async def test_throttled_then_sent(shop: Shop, api: BotApi) -> None:
    """Where Telegram asks to wait, the message waits as long, and goes out once."""
    await shop.deliver(update(message(text="Hello", date=int(shop.ask.now.timestamp()) - 60)))
    await shop.work()
    (talk,) = (await shop.mia())["conversations"]["nodes"]
    api.fails(429, "Too Many Requests: retry after 0", retry_after=0)
    await shop.send(talk["id"], "Hello, Mia")
    assert len(api.sent) == 1
    api.failure = None
    shop.ask.now += timedelta(minutes=5)
    await shop.work()
    (kept,) = await shop.ask.store.find(MESSAGES, {"direction": "OUT"})
    assert (kept["status"], len(api.sent)) == ("SENT", 2)

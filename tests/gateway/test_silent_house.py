"""A house whose vendors echo all that they know and were told says none of it: not in logs, errors nor commands."""

import asyncio
import json
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.channels.rest import CHANNEL as REST
from adapters.channels.telegram import Telegram
from adapters.channels.whatsapp import WhatsApp
from adapters.channels.zendesk import Zendesk
from adapters.contract.channel import Channel, ChannelSettings, Equipment
from adapters.contract.deliveries import Delivery
from adapters.http.session import Outside
from adapters.lines import Lines
from adapters.mongo import Store
from gateway import cli
from gateway.mongod import Mongod
from gateway.telemetry import CallLog
from gateway.tracebacks import words_of
from resolvers.conversations import CONVERSATIONS
from resolvers.deliveries.waiting import ASIDE, DELIVERIES
from resolvers.kit.ids import global_id
from resolvers.kit.shift import Shift
from tests import planted
from tests.channels.meta_deliveries import delivered, signed
from tests.channels.telegram import double as telegram
from tests.channels.whatsapp import double as whatsapp
from tests.channels.whatsapp.double import NUMBER
from tests.channels.zendesk import double as zendesk
from tests.gateway.conftest import Gate, OpenGate
from tests.gateway.ill import MOODS, Ill, ill
from tests.makers import Made, Makers
from tests.net import NET
from tests.sending.conftest import SEND
from tests.workloads import W1

CRM = Path(__file__).parent.parent.parent / "mappings" / "rest" / "hubspot.toml"
PLACES = (
    ("whatsapp", f"+{planted.CALLER}", NUMBER),
    ("zendesk", "1", "acme"),
    ("telegram", "7300123456", telegram.BOT),
    ("crm", "51", "main"),
)
CHANNELS = """query { channels { name accounts { account status breaker failure { kind message } lastDeliveryAt } } }"""
EVERYDAY = {"refuses", "odd"}
EACH = [one if one in EVERYDAY else pytest.param(one, marks=pytest.mark.deep) for one in MOODS]
# As many steps as any job has to do here; one that waits for its vendor goes on at the next look.
_STEPS = 5


def _channels(outside: Outside, url: str) -> list[Channel]:
    """WhatsApp, Zendesk, Telegram and a stated channel, all asked at one address."""
    told: list[tuple[type[Channel], str, dict[str, Any]]] = [
        (
            WhatsApp,
            NUMBER,
            {
                "access_token": whatsapp.TOKEN,
                "app_secrets": [whatsapp.SECRET, whatsapp.FORMER_SECRET],
                "verify_token": whatsapp.VERIFY_TOKEN,
            },
        ),
        (Zendesk, "acme", {**zendesk.CLIENT, "signing_secrets": [zendesk.SIGNING_SECRET], "sends_as": "900"}),
        (Telegram, telegram.BOT, {"bot_token": telegram.TOKEN, "webhook_secrets": [telegram.SECRET]}),
        (type("Crm", (REST,), {"name": "crm"}), "main", {"mapping": str(CRM), "token": planted.REST_SECRETS["token"]}),
    ]
    made = []
    for cls, account, given in told:
        settings: ChannelSettings = cls.Settings.model_validate({"base_url": url, **given})
        manners = replace(cls.manners_for(settings), tries=1, try_s=0.3, rests_s=0.1)
        made.append(cls(account, settings, Equipment(way=outside.way(cls.name, account, manners))))
    return made


@dataclass
class Silent:
    """A gate to such a house, and the customer of whom its channels know something."""

    gate: Gate
    store: Store
    ann: Made
    vendor: Ill

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data; the net hears the errors and all that stands beside the data."""
        response = await self.gate.ask(query, variables=variables)
        answer = response.json()
        NET.hear("the extensions of an answer", json.dumps(answer.get("extensions")))
        NET.hear("the headers of an answer", str(response.headers))
        NET.hear_refusals(answer.get("data"))
        return answer.get("data")

    async def deliver(self, place: str, delivery: Delivery) -> int:
        """The status of the response to a delivery."""
        answer = await self.gate.client.post(
            f"/webhooks/{place}", content=delivery.body, headers=dict(delivery.headers), params=dict(delivery.query)
        )
        NET.hear("the response to a delivery", f"{answer.text} {answer.headers}")
        return answer.status_code

    async def work(self) -> None:
        """Has every job done that the house has."""
        house = self.gate.house
        shift = Shift(store=self.store, declared=house.graph.declared, clock=house.clock, lines=house.lines)
        for job in shift.jobs():
            for _ in range(_STEPS):
                if not await job.work(shift):
                    break


@asynccontextmanager
async def _silent(mood: str, open_gate: OpenGate, store: Store, make: Makers) -> AsyncIterator[Silent]:
    ann = await make.customer()
    for channel, value, account in PLACES:
        await make.identity(ann, channel, value, account)
    async with ill(mood) as vendor, Outside(observer=CallLog()) as outside:
        lines = Lines(_channels(outside, vendor.url))
        NET.hear("the channels themselves", f"{lines!r} {list(lines)!r} {[one.channel.settings for one in lines]!r}")
        gate = open_gate(lines=lines, live_s=0.4)
        try:
            yield Silent(gate, store, ann, vendor)
        finally:
            if gate.house.asking:
                await gate.house.asking.close()


def _odd() -> list[tuple[str, Delivery]]:
    """Deliveries as they should not be, each with values in it."""
    words = f"{planted.FIRST} {planted.LAST} {planted.CALLER} {planted.MARK}"
    bodies: list[Any] = [
        whatsapp.enveloped({"messages": [whatsapp.message(id=7, **{words: words})]}),
        whatsapp.enveloped({"messages": [whatsapp.message("text", text={"body": [words]})], "contacts": words}),
        whatsapp.enveloped({"messages": [whatsapp.message(timestamp=words)]}),
        whatsapp.enveloped({words: words}, field_=words),
        {"object": words, "entry": words},
        words.encode() + b"\xff{",
    ]
    found = [(f"whatsapp/{NUMBER}", signed(one, whatsapp.SECRET)) for one in bodies]
    found.append((f"whatsapp/{NUMBER}", signed(bodies[0], f"{words} guessed")))
    person = {"id": words, "name": [words], "email": words}
    desk = [zendesk.told("user.created", person), zendesk.told(words, {"id": 1}), [words], words.encode()]
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    found += [("zendesk/acme", zendesk.delivery(one, timestamp=now)) for one in desk]
    chats = [telegram.update(telegram.message(text=[words])), telegram.update(words, words), {words: words}]
    found += [(f"telegram/{telegram.BOT}", telegram.delivered(one, telegram.SECRET)) for one in chats]
    found.append((f"telegram/{telegram.BOT}", telegram.delivered(chats[0], f"{planted.MARK} guessed")))
    found += [("crm/main", delivered(words.encode())), ("crm/other", delivered(words.encode()))]
    return found


async def _talk(silent: Silent) -> None:
    """Somebody writes, and is answered."""
    told = whatsapp.message(id="wamid.hello", timestamp=str(int(datetime.now(UTC).timestamp())))
    contact = {"profile": {"name": f"{planted.FIRST} {planted.LAST}"}, "wa_id": planted.CALLER}
    body = whatsapp.enveloped({"contacts": [contact], "messages": [told]})
    assert await silent.deliver(f"whatsapp/{NUMBER}", signed(body, whatsapp.SECRET)) == 200
    await silent.work()
    (talk,) = await silent.store.find(CONVERSATIONS, {})
    given = {"conversationId": global_id("Conversation", talk["_id"]), "text": f"Dear {planted.FIRST} {planted.LAST}"}
    for key in ("one", "two"):
        answer = await silent.ask(SEND, input={"key": key, **given})
        assert answer["sendMessage"].get("sent"), answer
        await silent.work()
    await silent.ask(SEND, input={"key": "one", **given, "text": planted.MARK})


@pytest.mark.parametrize("mood", EACH)
async def test_house_says_nothing(mood: str, open_gate: OpenGate, store: Store, make: Makers) -> None:
    """Asked live, written to, delivered to and worked in, the house says no secret and nobody's value anywhere."""
    async with _silent(mood, open_gate, store, make) as silent:
        panel = {"channel": "whatsapp", "account": NUMBER, "value": f"+{planted.CALLER}"}
        for _ in range(3):
            await silent.ask(W1, **panel)
        await _talk(silent)
        for place, delivery in _odd():
            await silent.deliver(place, delivery)
        await silent.work()
        shown = await silent.ask(CHANNELS)
        assert {one["name"] for one in shown["channels"]} >= {"whatsapp", "zendesk", "telegram", "crm"}
        NET.hear("the standing of channels", json.dumps(shown))
        assert silent.vendor.asked >= 3
        assert await store.count(DELIVERIES, {"state": ASIDE}) >= 5


# Each opens the store anew, which costs; `ID` is the customer's, and `FILE` one that is not there yet.
FEW = ("channels", "jobs", "replay")
MANY = (
    *FEW,
    f"replay --channel +{planted.CALLER} --dry-run",
    f"erase '{planted.FIRST} {planted.LAST}'",
    "doctor",
    "export ID --to FILE",
    "export ID --to FILE",
    "erase ID --yes",
)


@pytest.mark.parametrize("typed", [FEW, pytest.param(MANY, marks=pytest.mark.deep)], ids=["few", "many"])
@pytest.mark.usefixtures("logs_as_before")
async def test_commands_say_nothing(
    typed: Sequence[str],
    open_gate: OpenGate,
    store: Store,
    make: Makers,
    tmp_path: Path,
    environment: None,
) -> None:
    """What the commands write on stdout and stderr holds no secret and nobody's value, whatever the store holds."""
    del environment
    async with _silent("junk", open_gate, store, make) as silent:
        for place, delivery in _odd():
            await silent.deliver(place, delivery)
        await silent.work()
        for words in typed:
            given = words.replace("ID", silent.ann.id).replace("FILE", str(tmp_path / "one.zip"))
            ran = await asyncio.to_thread(CliRunner().invoke, cli.app, shlex.split(given))
            said = words_of(ran.exception) if ran.exception else ""
            NET.hear(f"the command {words}", f"{ran.output} {ran.stderr} {said}")
            assert ran.output or ran.exception, words


@pytest.fixture
def environment(mongod: Mongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a gateway that has two of the channels, on the run's database."""
    file = tmp_path / "channels.toml"
    file.write_text(
        f"""
[[channel]]
name = "whatsapp"
account = "{NUMBER}"
access_token = {{from_env = "WA_TOKEN"}}
app_secrets = [{{from_env = "WA_SECRET"}}]
verify_token = {{from_env = "WA_VERIFY"}}

[[channel]]
name = "zendesk"
account = "acme"
base_url = "http://127.0.0.1:1"
client_id = "gateway"
client_secret = {{from_env = "ZD_SECRET"}}
signing_secrets = [{{from_env = "ZD_SIGNING"}}]
""",
        "utf-8",
    )
    told = {
        "MONGODB_URL": mongod.url,
        "GATEWAY_DATABASE": "tests",
        "GATEWAY_DATA_FOLDER": str(tmp_path / "data"),
        "GATEWAY_SECRET": planted.SEAL,
        "GATEWAY_JWT_SECRET": planted.SIGNS,
        "GATEWAY_CHANNELS": str(file),
        "GATEWAY_LOG_LEVEL": "debug",
        "WA_TOKEN": whatsapp.TOKEN,
        "WA_SECRET": whatsapp.SECRET,
        "WA_VERIFY": whatsapp.VERIFY_TOKEN,
        "ZD_SECRET": zendesk.CLIENT["client_secret"],
        "ZD_SIGNING": zendesk.SIGNING_SECRET,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)

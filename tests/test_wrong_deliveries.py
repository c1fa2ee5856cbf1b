"""What an adapter reads wrongly in a delivery is set aside in words for its author, and writes of nobody else."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from adapters.contract.channel import Equipment
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Amount, Item, Order, Person, Utterance, Who
from adapters.contract.way import Way
from adapters.lines import Lines
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from tests.channels import toy
from tests.channels.toy import BEGIN, Toy, event
from tests.conftest import NOW, Asking
from tests.test_deliveries import Post

ANN = Who("toy", "main", "ann")
BELL = Item("1", "Bell", 1, Amount(Decimal("1.00"), "USD"))


class Misreading(Toy):
    """Reads in every delivery of the account `main` what a test says; those of others it reads well."""

    reads: Any = None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """What the test says."""
        if self.account != "main":
            return super().events(delivery)
        if isinstance(self.reads, Exception):
            raise self.reads
        found: Sequence[Event] = self.reads
        return found


@pytest.fixture
def post(ask: Asking) -> Post:
    """Two accounts, of which one reads wrongly, and nothing waits."""
    one = Post(ask)
    settings = toy.ToySettings(secret=SecretStr(toy.SECRET))
    equipment = Equipment(way=cast("Way", None))
    one.shift = type(one.shift)(
        store=ask.store,
        declared=ask.graph.declared,
        clock=lambda: one.now,
        lines=Lines([Misreading(account, settings, equipment) for account in ("main", "second")]),
    )
    return one


def reads(told: Any) -> None:
    """From now on every delivery of `main` is read so."""
    Misreading.reads = told


def event_of(*records: Any, **more: Any) -> Event:
    """An event that tells of these."""
    return Event(**{"key": "1", "order_by": "ann", "records": records} | more)


def order(**more: Any) -> Order:
    """An order of Ann's."""
    return Order(**{"external_id": "SO1", "who": ANN, "placed_at": BEGIN, "items": (BELL,)} | more)


SAYS = Utterance(
    channel="toy", account="main", external_id="\ud800", talk="t", who=ANN, direction="IN", sent_at=BEGIN, text="Hello"
)
WRONG: dict[str, tuple[Any, str]] = {
    "float money": (
        [event_of(order(total=Amount(cast("Decimal", 1.5), "USD")))],
        "Order.total.amount is of type float",
    ),
    "int id": ([event_of(order(external_id=5))], "Order.external_id is of type int; it is a text (str)."),
    "custom int": ([event_of(Person(who=ANN, custom_data={"n": cast("str", 5)}))], "Person.custom_data's value of a"),
    "half a bell": ([event_of(order(items=(BELL._replace(quantity=cast("int", 1.5)),)))], "Order.items[0].quantity is"),
    "naive": ([event_of(order(placed_at=datetime.min))], "Order.placed_at has no time zone."),  # noqa: DTZ901  as the wrong adapter gives it
    "far ahead": ([event_of(order(placed_at=NOW + timedelta(days=2)))], "`placed_at` lies more than a day ahead"),
    "half an id": ([event_of(SAYS)], "Utterance.external_id holds half a character"),
    "int key": ([event_of(order(), key=5)], "Event.key is of type int"),
    "no event": (["Ann"], "str is no record."),
    "nothing": (None, "Unforeseen while reading it (TypeError)"),
    "odd reason": ([event_of(unread={"Ann": 1})], "Event.unread is of type dict; it is a text (str)."),
    "half a reason": ([event_of(unread="It is \ud800.")], "It is ?."),
    "reason of a dict": (BadPayload({"id": "missing"}), "{'id': 'missing'}"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("told", "words"), WRONG.values(), ids=WRONG)
async def test_set_aside_in_words(post: Post, told: Any, words: str) -> None:
    """What is not as the contract says is set aside with its place and what it should be; others go on."""
    reads(told)
    await post.bring(body=b"{}")
    await post.bring(event("ben", 1), account="second")
    tally = await post.take_in()
    assert (tally.taken, tally.set_aside) == (1, 1)
    assert [[one[: len(words)] for one in some] for some in await post.aside()] == [[words]]


async def test_reasons_quote_nothing(post: Post) -> None:
    """Whatever an adapter quotes of a delivery, neither the database nor the log has it; ids of vendors stay."""
    name, number, mail = "Ada King", "491761234567", "ada@example.com \x1b[31mRED\nnew"
    said = {"name": name, "from": int(number), "mail": mail, "state": "Refunded", "number": "106540352242922"}
    reads([event_of(unread=f"{mail} is {name!r}, {number}, 'refunded' for 106540352242922 at +49 176 7654321\u2028.")])
    await post.bring(body=json.dumps(said).encode())
    with capture_logs() as logged:
        await post.take_in()
    told = "… is '…', …, '…' for 106540352242922 at … ."
    assert await post.aside() == [[told]]
    assert [one["reasons"] for one in logged if one["event"] == "delivery set aside"] == [[told]]


async def test_refusals_quote_nothing(post: Post) -> None:
    """Nor have they it where the record is refused that was made of it."""
    reads([event_of(Person(who=ANN, attributes={"Ada King": 1}))])
    await post.bring(body=json.dumps({"name": "Ada King"}).encode())
    await post.take_in()
    ((reason,),) = await post.aside()
    assert reason.startswith("'…' is no attribute of the customer schema.")


@pytest.mark.parametrize("who", [Who("whatsapp", "main", "+491701234567"), Who("toy", "second", "ben")])
async def test_own_people_only(post: Post, who: Who) -> None:
    """A delivery writes of the people of its own channel account alone."""
    await post.bring(event("ben", 1), account="second")
    await post.take_in()
    reads([event_of(Person(who=who, attributes={"firstName": "Mallory"}, profile={"name": "Mallory"}))])
    await post.bring(body=b"{}")
    await post.take_in()
    ((reason,),) = await post.aside()
    assert reason.startswith("Person.who is of another channel account. An adapter speaks of its own alone")
    (ben,) = await post.store.find(IDENTITIES, {})
    assert (ben["value"], ben["profile"]["name"]) == ("ben", "1")
    assert [one["attributes"] for one in await post.store.find(CUSTOMERS, {})] == [{}]

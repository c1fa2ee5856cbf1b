"""A channel that lives in the tests: its deliveries are proven by HMAC, and tell what people say in order."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

import httpx
from pydantic import Field, SecretStr

from adapters.contract.channel import Channel, ChannelSettings, Equipment
from adapters.contract.deliveries import Answer, Delivery, Event, NotProven
from adapters.contract.errors import BadPayload
from adapters.contract.records import Departure, Person, Utterance, Who, Withdrawal
from adapters.contract.way import Way
from adapters.lines import Lines
from tests.planted import TOY_SECRET

SECRET = TOY_SECRET
NOT_PROVEN = "The delivery is not proven to be the vendor's. The gateway's log says why.\n"
BEGIN = datetime(2026, 11, 1, 8, tzinfo=UTC)


class ToySettings(ChannelSettings):
    """What an account of the toy channel needs."""

    secret: SecretStr = Field(description="Signs deliveries.")


class Toy(Channel):
    """The toy channel."""

    name: ClassVar[str] = "toy"
    Settings: ClassVar[type[ChannelSettings]] = ToySettings

    def handshake(self, delivery: Delivery) -> Answer | None:
        """The challenge, to whoever knows the secret."""
        if "challenge" not in delivery.query:
            return None
        if delivery.query.get("token") != SECRET:
            raise NotProven("The token is another one.", status=403)
        return Answer(body=delivery.query["challenge"].encode())

    def prove(self, delivery: Delivery) -> None:
        """Compares the signature of the raw body."""
        if not hmac.compare_digest(delivery.headers.get("x-toy-signature", ""), signature(delivery.body)):
            raise NotProven("The signature is another one.")

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The delivery's id, where it has one."""
        found = delivery.json()
        return found.get("id") if isinstance(found, dict) else None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """What the delivery tells."""
        told = delivery.json()
        if not isinstance(told, dict) or not isinstance(told.get("events"), list):
            raise BadPayload("`events` is missing.")
        return [self._event(one) for one in told["events"]]

    def _event(self, one: dict[str, Any]) -> Event:
        key, person, kind = str(one["key"]), str(one["person"]), one.get("kind", "says")
        if kind == "typing":
            return Event(key=key, order_by=person, left_alone="typing indicator")
        if kind == "withdraws":
            who, name = Who(self.name, self.account, person), f"{one.get('of', person)}-{one['n']}"
            back = Withdrawal(channel=self.name, account=self.account, external_id=name, at=BEGIN, who=who)
            return Event(key=f"back {key}", order_by=person, records=(back,))
        if kind == "leaves":
            gone = Departure(who=Who(self.name, self.account, person), at=BEGIN)
            return Event(key=key, order_by=person, records=(gone,), who=gone.who)
        if kind not in self.kinds:
            told = Who(self.name, self.account, person) if kind == "waves" else None
            return Event(key=key, order_by=person, unread="`kind` is none that is known.", who=told)
        who = Who(self.name, self.account, person)
        labels = ("never defined",) if kind == "labels" else ()
        heard = Person(who=who, profile={"name": str(one["n"])}, labels=labels)
        words = Utterance(
            channel=self.name,
            account=self.account,
            external_id=key,
            talk=f"with {person}",
            who=who,
            direction="IN",
            sent_at=datetime.fromisoformat(one["at"]) if "at" in one else BEGIN,
            # No text can be stored in which half of a character stands.
            text="\ud800" if kind == "poison" else f"word {one['n']}",
        )
        return Event(key=key, order_by=person, records=(heard, words), who=who)

    kinds: ClassVar[frozenset[str]] = frozenset({"says", "labels", "poison"})


def signature(body: bytes) -> str:
    """What a delivery of this body bears."""
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def lines(*accounts: str, kind: type[Toy] = Toy) -> Lines:
    """Lines of the toy channel; it never asks anybody, so it needs no way out."""
    equipment = Equipment(way=cast("Way", None))
    return Lines([kind(one, ToySettings(secret=SecretStr(SECRET)), equipment) for one in accounts or ("main",)])


def event(person: str, n: int, kind: str = "says", key: str | None = None) -> dict[str, Any]:
    """The n-th thing that a person says."""
    return {"key": key or f"{person}-{n}", "person": person, "n": n, "kind": kind}


def body_of(*events: dict[str, Any], **more: Any) -> bytes:
    """A delivery's body."""
    return json.dumps({"events": events, **more}).encode()


async def deliver(client: httpx.AsyncClient, body: bytes, account: str = "main") -> httpx.Response:
    """The answer to a delivery that is signed well."""
    return await client.post(
        f"/webhooks/toy/{account}", content=body, headers={"X-Toy-Signature": signature(body), "X-Topic": "talk"}
    )

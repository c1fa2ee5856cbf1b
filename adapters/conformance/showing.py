"""What did a channel read of the sample data, in a line each?

These lines show values, which stand nowhere else: they are the author's own samples, shown to the author who asks.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from adapters.conformance.keeping import said_in
from adapters.conformance.patience import NeverBack
from adapters.conformance.trial import Trial, Ways
from adapters.contract.deliveries import Event
from adapters.contract.examples import Examples
from adapters.contract.found import Unread
from adapters.contract.records import Amount, Case, File, Item, Leaning, Order, Person, Reach, Talk, Utterance, Who
from adapters.discovery import Adapter

_LONGEST: Final = 160
# Of most records these say nothing that another line does not say.
_LEFT_OUT: Final = frozenset({"channel", "account"})


async def shown(
    adapter: Adapter, ways: Ways, *, payloads: Path | None = None, examples: Examples | None = None
) -> list[str]:
    """What the adapter reads of the recorded answers and deliveries, a line for each. It can be made."""
    trial = Trial(adapter.cls, examples or adapter.examples, ways, payloads)
    lines = []
    try:
        with trial.patience.kept():
            async for line in _lines(trial):
                lines.append(line)  # noqa: PERF401  what was read before it never came back is shown
    except NeverBack:
        lines.append("It did not come back; see above.")
    return lines


async def _lines(trial: Trial) -> AsyncIterator[str]:
    source = ""
    async for one in said_in(trial):
        if one.source != source:
            source = one.source
            yield f"{source}:"
        yield f"  {in_words(one.told)}"


def in_words(told: Any) -> str:
    """A record, an Unread or an Event without records, as one line."""
    try:
        words = " ".join(filter(None, _WORDS.get(type(told), _any)(told)))
    except Exception:  # noqa: BLE001  what is not of the contract's types may fail anyhow
        return f"{type(told).__name__} that is not as the contract says; the checks tell what is wrong."
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _order(one: Order) -> Iterator[str | None]:
    yield from ("order", one.number or one.external_id, one.status, _value(one.total or _sum(one.items)))
    yield from (_counted(len(one.items), "line"), _value(one.placed_at))
    yield f"changed {_value(one.updated_at)}" if one.updated_at else "changed: not said"
    yield f"of {one.who.value}:"
    yield ", ".join(_item(item) for item in one.items)
    yield f"custom data: {_pairs(one.custom_data)}" if one.custom_data else None
    yield f"parcels: {', '.join(_value(parcel) for parcel in one.parcels)}" if one.parcels else None


def _sum(items: tuple[Item, ...]) -> Amount | str:
    """What the lines come to, as it counts where no total is given."""
    currencies = {one.total.currency for one in items}
    if len(currencies) != 1:
        return "no total"
    return Amount(sum((one.total.amount for one in items), Decimal()), currencies.pop())


def _item(one: Item) -> str:
    return f"{one.quantity} x {one.title} {_value(one.total)}"


def _person(one: Person) -> Iterator[str | None]:
    yield from ("person", one.who.value)
    yield _pairs(one.attributes)
    yield ", ".join(f"{reach.type} {reach.value}" for reach in one.reaches)
    yield f"profile: {_pairs(one.profile)}" if one.profile else None
    yield f"tags: {', '.join(one.tags)}" if one.tags else None
    yield f"custom data: {_pairs(one.custom_data)}" if one.custom_data else None
    yield f"also {', '.join(f'{who.channel} {who.value}' for who in one.also)}" if one.also else None


def _case(one: Case) -> Iterator[str | None]:
    yield from ("ticket", one.number, one.status, repr(one.subject), _value(one.created_at))
    yield from (f"changed {_value(one.updated_at)}", f"of {one.who.value}", one.agent and f"agent {one.agent}")


def _talk(one: Talk) -> Iterator[str | None]:
    yield from (
        "conversation",
        one.external_id,
        one.status or "OPEN",
        _value(one.started_at),
        "to",
        _value(one.last_message_at),
    )
    yield f"with {one.who.value}"


def _utterance(one: Utterance) -> Iterator[str | None]:
    yield from ("message", one.external_id, one.direction, one.status, _value(one.sent_at), repr(one.text))
    yield from (f"of {one.who.value}", one.author_name and f"by {one.author_name}")


def _leaning(one: Leaning) -> Iterator[str | None]:
    yield from ("interest", f"{one.taxonomy}/{one.topic}", f"{one.score:g}", _value(one.observed_at), one.who.value)


def _file(one: File) -> Iterator[str | None]:
    yield from ("file", one.name, one.media_type, f"{one.size_bytes} bytes", f"of {one.of_kind} {one.of}")


def _unread(one: Unread) -> Iterator[str | None]:
    yield from ("UNREAD", f"{one.what}:", one.why)


def _event(one: Event) -> Iterator[str | None]:
    if one.unread is not None:
        yield from ("UNREAD", _value(one.unread))
    else:
        yield from ("left alone:", one.left_alone or "nothing is said")


def _any(one: Any) -> Iterator[str | None]:
    yield type(one).__name__.lower()
    yield _fields(one)


_WORDS: Final[Mapping[type, Callable[[Any], Iterator[str | None]]]] = {
    Order: _order,
    Person: _person,
    Case: _case,
    Talk: _talk,
    Utterance: _utterance,
    Leaning: _leaning,
    File: _file,
    Unread: _unread,
    Event: _event,
}


def _fields(one: Any) -> str:
    """Whatever it says, by field."""
    said = {two.name: getattr(one, two.name) for two in fields(one) if two.name not in _LEFT_OUT}
    return _pairs(said)


def _pairs(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in said.items() if value not in (None, (), {}))


def _value(value: Any) -> str:
    if isinstance(value, Amount):
        return f"{value.amount} {value.currency}"
    if isinstance(value, Who):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Reach):
        return f"{value.type} {value.value}"
    if isinstance(value, Decimal | str):
        return str(value)
    return _fields(value) if is_dataclass(value) else repr(value)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"

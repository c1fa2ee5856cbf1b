"""Which records does an answer or a delivery hold, and which of them cannot be read?"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.channels.rest.expressions import Expression, Scene
from adapters.channels.rest.paths import JsonPath
from adapters.channels.rest.sections import CONSENTS, REMOVALS, Section
from adapters.contract.errors import BadPayload
from adapters.contract.found import Unread
from adapters.contract.records import HandedOver, Order, Removal, Say, Who
from adapters.making import GROUPS, Spot, order_of, parcel_of, record_of
from adapters.values import BadValue

# More than any page of any vendor has; what is longer is no answer about one person.
_MOST_RECORDS = 10_000
_ID = re.compile(r"[\w./:#-]{1,64}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_SINGULAR = {"people": "person", "topics": "topic", "interests": "interest", "consents": "consent"}

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Circumstances:
    """What is known of a piece of JSON beside itself."""

    channel: str
    account: str
    who: Who | None
    """Who was asked for; None of a delivery."""
    as_of: str
    """When the vendor said so, in ISO 8601."""

    @property
    def asked(self) -> Mapping[str, str]:
        """What expressions may take from the question."""
        words = {"account": self.account, "as_of": self.as_of}
        if self.who:
            words |= {"who": self.who.value, self.who.channel: self.who.value}
        return words


@dataclass(frozen=True, slots=True)
class Read:
    """What was read."""

    records: Sequence[HandedOver]
    unread: Sequence[Unread]
    count: int
    """How many elements the first section's list had, taken or not."""


def read_all(sections: Sequence[Section], answer: Any, here: Any, around: Circumstances) -> Read:
    """The records of `here`, a part of the answer or all of it; raises BadPayload where a needed list is missing."""
    records: list[HandedOver] = []
    unread: list[Unread] = []
    counts = [0] * len(sections)
    for place, section in enumerate(sections):
        start = Scene(here, here, answer, around.asked)
        for n, scene in enumerate(_elements(section, section.lists, start), 1):
            counts[place] = n
            if n > _MOST_RECORDS:
                raise BadPayload(f"The answer has more than {_MOST_RECORDS} {section.kind}.")
            try:
                if section.only is None or section.only.find(scene.here):
                    records.append(_made(section, scene, around))
            except BadValue as error:
                unread.append(Unread(what=_what(section, scene, n), why=str(error)))
    return Read(records, unread, counts[0] if counts else 0)


def _elements(section: Section, steps: Sequence[JsonPath], scene: Scene) -> Iterator[Scene]:
    """The elements of the list, whatever its depth."""
    if not steps:
        yield scene
        return
    path, *rest = steps
    for one in _list(section, path, scene):
        yield from _elements(section, rest, Scene(one, scene.here, scene.answer, scene.asked))


def _list(section: Section, path: JsonPath, scene: Scene) -> Sequence[Any]:
    try:
        found = path.find(scene.here)
    except BadValue as error:
        raise BadPayload(f"The list of {section.kind}: {error}.") from error
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [found]
    if found is None and section.is_optional:
        return []
    raise BadPayload(f"The answer has no list of {section.kind} at {path.text!r}.")


def _what(section: Section, scene: Scene, n: int) -> str:
    """Which record it is: by the vendor's id where it is one beyond doubt, for people's may say who they are."""
    name = _SINGULAR.get(section.kind, section.kind.removesuffix("s"))
    expression = section.fields.get("id")
    try:
        said = expression.give(scene) if expression else None
    except BadValue:
        said = None
    return f"{name} {said}" if isinstance(said, str) and _ID.fullmatch(said) else f"{name} at place {n}"


def _made(section: Section, scene: Scene, around: Circumstances) -> HandedOver:
    """The record that an element makes; raises BadValue with what is wrong, in words without the value."""
    who, spot = around.who, Spot(around.channel, around.account, section.currency)
    said = _said(_top(section), scene)
    is_asked = "who" not in said
    if is_asked and who:
        said["who"] = who.value
    if section.kind == "orders":
        record: Any = _order(section, said, scene, spot)
    elif section.kind in _OWN:
        record = _OWN[section.kind](said, spot)
    else:
        _check_currency(said, spot, "price")
        record = record_of(section.kind, said, spot)
    if is_asked and who and hasattr(record, "who"):
        # Asked for by an address, the record is that address's, and stands on the channel account all the same.
        record = replace(record, who=who)
    made: HandedOver = record
    return made


def _removal(said: Said, spot: Spot) -> HandedOver:
    return Removal(channel=spot.channel, account=spot.account, kind=said["kind"], external_id=said["id"], at=said["at"])


def _say(said: Said, spot: Spot) -> HandedOver:
    who = Who(spot.channel, spot.account, said["who"])
    return Say(who=who, purpose=said["purpose"], status=said["status"], at=said["at"])


# Of those that files do not bring.
_OWN: Mapping[str, Callable[[Said, Spot], HandedOver]] = {REMOVALS: _removal, CONSENTS: _say}


def _top(section: Section) -> Mapping[str, Expression]:
    """The fields of the element itself; those of lines and parcels, too, where it holds no lists of them."""
    apart = {**(section.under("line") if section.lines else {}), **(section.under("parcel") if section.parcels else {})}
    return {name: one for name, one in section.fields.items() if name not in apart}


def _said(fields: Mapping[str, Expression], scene: Scene) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, expression in fields.items():
        try:
            value = expression.give(scene)
        except BadValue as error:
            raise BadValue(f"`{name}`: {error}.") from error
        except (ArithmeticError, ValueError) as error:
            raise BadValue(f"`{name}`: the value there is beyond what can be kept.") from error
        if value is None:
            if expression.is_required:
                raise BadValue(f"`{name}` is empty.")
            continue
        group, _, member = name.partition(".")
        if group in GROUPS:
            said.setdefault(group, {})[member] = value
        else:
            said[name] = value
    return said


def _order(section: Section, said: Said, scene: Scene, spot: Spot) -> Order:
    rows = [{**said, **one} for one in _parts(section, "line", section.lines, scene)] if section.lines else [said]
    if not rows:
        raise BadValue("`lines` is empty.")
    for row in rows:
        _check_currency(row, spot, "line.total", "line.unit_price", "total")
    order = order_of(rows, spot)
    if section.parcels is None:
        return order
    parcels = [parcel_of(one) for one in _parts(section, "parcel", section.parcels, scene)]
    return replace(order, parcels=tuple(dict.fromkeys(one for one in parcels if one)))


def _parts(section: Section, group: str, path: JsonPath, scene: Scene) -> Sequence[Said]:
    found = path.find(scene.here)
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadValue(f"`{group}s` is no list.")
    fields = section.under(group)
    return [_said(fields, Scene(one, scene.here, scene.answer, scene.asked)) for one in found[:_MOST_RECORDS]]


def _check_currency(said: Said, spot: Spot, *amounts: str) -> None:
    currency = said.get("currency") or spot.currency or ""
    if any(name in said for name in amounts) and not _CURRENCY.fullmatch(currency):
        raise BadValue("`currency` is no code of three capitals, as USD.")

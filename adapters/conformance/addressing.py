"""Does what is asked, sent and ordered go to the very person that is meant, whatever their id looks like?"""

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.ordering import ACTS
from adapters.conformance.sending import outgoing_to
from adapters.conformance.trial import Trial
from adapters.conformance.vendor import Asked, Vendor, vendor
from adapters.conformance.wire import ADDRESS_WANTED, Ask, channel_at, outcome_of, reads_of
from adapters.contract.channel import PROTOCOLS, Capability
from adapters.contract.records import Who

# Two people, each with a word that stands nowhere by chance.
_ONE: Final = "samplemark1"
_OTHER: Final = "samplemark2"
_PLANTED: Final = "planted"
_FORM: Final = "application/x-www-form-urlencoded"


async def escaped(trial: Trial) -> Finding:
    """An id of whatever characters stands whole in what is asked, sent and ordered, and changes no address."""
    acts = _acts(trial)
    if isinstance(acts, Finding):
        return acts
    wrong: list[str] = []
    async with vendor(trial.answers, trial.scheme) as double:
        for words, ask in acts.items():
            wrong += [f"{words}: {one}" for one in await _amiss(trial, double, words, ask, trial.cls.name)]
        for kind in _addresses(trial):
            for words, ask in acts.items():
                if words not in _MADE:
                    wrong += [f"{words} by {kind}: {one}" for one in await _amiss(trial, double, words, ask, kind)]
    return summed(wrong, "Ids stay ids, and each request names its person.")


async def _send(channel: Any, who: Who) -> Any:
    """As the house hands a message over: asked first whether it may."""
    outgoing = outgoing_to(who)
    channel.require_allowed(outgoing)
    return await channel.send(outgoing)


_MADE: Final[Mapping[Capability, Ask]] = {Capability.SEND: _send, **ACTS}


def _acts(trial: Trial) -> Any:
    """All that goes to a vendor for somebody; a Finding where that is nothing, or nobody can be put in its place."""
    channel = trial.channel()
    offered = channel.capabilities()
    # What it has no methods for, another check tells.
    made = {one: act for one, act in _MADE.items() if one in offered and isinstance(channel, PROTOCOLS[one])}
    if made and not trial.is_reachable:
        return not_checked(ADDRESS_WANTED)
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return made or reads
    # A catalogue is the same for everybody.
    return {one: ask for one, ask in {**reads, **made}.items() if one != Capability.PRODUCTS}


def _addresses(trial: Trial) -> list[str]:
    """The kinds of identity by which it is asked that are e-mail addresses."""
    persons = trial.examples.persons if trial.examples else {}
    others = [one for one in trial.channel().asked_by() if one != trial.cls.name]
    return [one for one in others if one == "email" or "@" in persons.get(one, "")]


async def _amiss(trial: Trial, double: Vendor, words: str, ask: Ask, kind: str) -> list[str]:
    """What is wrong with what goes to the vendor for two people of odd ids."""
    if kind == trial.cls.name:
        # Unescaped, it leaves the path, begins a query and another parameter, and ends a text of JSON.
        tail = f"{_ONE}?{_PLANTED}=1&{_PLANTED}=1#{_ONE}"
        who, other = (
            Who(kind, trial.account, f"{_ONE}/../{tail}"),
            Who(kind, trial.account, f'{_OTHER}"/../{_OTHER}?{_PLANTED}=1&{_PLANTED}=1'),
        )
    else:
        who, other = (Who(kind, "", f"{mark}+b&{_PLANTED}=1@shop.example") for mark in (_ONE, _OTHER))
        tail = who.value
    # Whoever refuses such ids asks nobody.
    first, second = [await _requests(trial, double, ask, one) for one in (who, other)]
    if any(_PLANTED in _named_in(one) for one in (*first, *second)):
        return [_changed(kind, trial.cls.name)]
    wrong = []
    if any(map(_is_spoilt, second)) and not any(map(_is_spoilt, first)):
        wrong.append("an id with a quotation mark breaks the JSON of the body. Hand the way a dict: `json=`.")
    # Of an id with `/` a channel may want the end alone.
    if any(_holds(one, _ONE) and not _holds(one, tail) for one in first):
        wrong.append(
            "an id of odd characters arrives as another one. Use `quote(id, safe='')` in paths, and `params` for "
            "queries; a dict in `json` needs nothing."
        )
    elif first and not any(_holds(one, tail) for one in first) and _said(first) == _said(second):
        # A page on which anybody may pay need not name who does, but nobody else.
        is_wrong = words != Capability.PAYMENT or any(_is_for(one, trial.own.value) for one in first)
        wrong += ["the vendor is told the same whoever is meant. Name the person: `who.value`."] if is_wrong else []
    return wrong


def _changed(kind: str, own: str) -> str:
    what = "an id with `/`, `?` and `&`" if kind == own else "an address with `+` and `&`"
    return f"{what} changes the request around it. Use `quote(id, safe='')` in paths, and `params` for queries."


async def _requests(trial: Trial, double: Vendor, ask: Ask, who: Who) -> list[Asked]:
    """What the vendor is asked for somebody."""
    double.asked.clear()
    async with channel_at(trial, double) as channel:
        await outcome_of(trial, ask(channel, who))
    return list(double.asked)


def _said(requests: list[Asked]) -> list[Any]:
    """What the requests want; headers may name the moment."""
    return [(one.method, one.path, one.query, one.body) for one in requests]


def _named_in(one: Asked) -> set[str]:
    """The names of parameters, in the address and in a form."""
    is_form = _FORM in one.said.split("\n", 2)[1].lower()
    return {*one.query, *(dict(parse_qsl(one.body, keep_blank_values=True)) if is_form else ())}


def _is_spoilt(one: Asked) -> bool:
    """Whether its body looks like JSON, and is none."""
    return one.body.lstrip().startswith(("{", "[")) and _json_of(one.body) is None


def _holds(one: Asked, value: str) -> bool:
    """Whether the value stands whole in a request, written as its place demands."""
    texts = [text.lower() for text in _texts(one)]
    # Languages of search have backslashes before what means something to them.
    return any(value in text or value in text.replace("\\", "") for text in texts)


def _is_for(one: Asked, value: str) -> bool:
    """Whether the value is a part of the address or a text of the body by itself."""
    return value in _texts(one)


def _texts(one: Asked) -> Iterator[str]:
    """The texts of a request as the vendor reads them: parts of its path, parameters, headers, and of its body."""
    address, headers, _ = one.said.split("\n", 2)
    yield from map(unquote, address.partition("?")[0].split("/"))
    yield from one.query.values()
    yield from (headers, unquote(headers))
    whole = _json_of(one.body)
    if whole is not None:
        yield from _leaves(whole)
        return
    yield from (value for _, value in parse_qsl(one.body))
    yield html.unescape(one.body)


def _json_of(body: str) -> Any:
    """The object or list of the body; None where it is none."""
    try:
        whole = json.loads(body)
    except ValueError:
        return None
    return whole if isinstance(whole, dict | list) else None


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inside:
        yield from _leaves(one)

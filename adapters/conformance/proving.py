"""Is a delivery taken that the vendor signed now, and no other?"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from adapters.conformance.findings import Finding, failed, not_checked, not_offered, passed, summed
from adapters.conformance.rotating import refused_of_list
from adapters.conformance.trial import Trial, raised, with_headers
from adapters.contract.channel import Capability, Channel
from adapters.contract.deliveries import Answer, Delivery, NotProven

_SIGN_WANTED: Final = (
    "Write `EXAMPLES.sign`, which gives the headers by which the vendor proves a delivery, so that forged ones can be "
    "made."
)
_BODY: Final = b'{"sample": "delivery"}'
# Latin-1 is what headers may hold; comparing such texts raises TypeError where bytes are not compared.
_NO_ASCII: Final = "\u00ff\u00e9"
# A hundred bits in hexadecimal digits: fewer can be guessed, or found by trying.
_SHORTEST: Final = 25
_CUT_TO: Final = 8
_PARTS: Final = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
_CHALLENGE: Final = "sample-challenge"
_BEYOND: Final = timedelta(minutes=1)
_Place = tuple[str, int]
# In no alphabet of a signature.
_BETWEEN: Final = re.compile(r"([,;:&.| ])")
_FORGED: Final = "Compare the signature of its raw bytes, whole."
_OLD: Final = "Compare the moment that is signed with `received_at`, by `EXAMPLES.tolerance_s`, to both sides."
_RESTAMPED: Final = "Reckon the signature over the moment that stands in the headers, too."

_ANSWERED: Final = (
    "`handshake` answers a delivery, so that it would be acknowledged and dropped, unproven. Answer None where it is "
    "no check of the address."
)


async def genuine(trial: Trial) -> Finding:
    """What the vendor signed is taken, and the signature is compared in a time that tells nothing."""
    channel = _proving(trial)
    if isinstance(channel, Finding):
        return channel
    wrong = []
    compared: list[str] = []
    for body in _bodies(trial):
        signed = trial.delivery(body)
        headers = {name: _Watched.of(one, compared) for name, one in signed.headers.items()}
        try:
            channel.prove(with_headers(signed, headers))
        except NotProven as error:
            trial.heard.error("on a signed delivery", error)
            wrong.append("`prove` refuses what EXAMPLES.sign has signed. Mend the one or the other.")
        except Exception as error:  # noqa: BLE001  whatever a channel does
            wrong.append(f"`prove` of a signed delivery: {raised(error)}. Only NotProven may be raised.")
    if compared:
        wrong.append("A signature is compared with `==`, whose time tells how much fits. Use hmac.compare_digest.")
    if trial.examples and trial.examples.signs_body and _longest(trial) < _SHORTEST:
        wrong.append(f"The signature has fewer than {_SHORTEST} characters. Compare all of what the vendor sends.")
    if trial.examples and trial.examples.signs_body and channel.is_proven_by_headers:
        wrong.append("`is_proven_by_headers` is True, and the body is signed: nothing would be taken. Leave it out.")
    wrong += refused_of_list(trial, _bodies(trial)[0])
    return summed(wrong, "What is signed with the settings' secrets is taken.")


async def forged(trial: Trial) -> Finding:
    """What is not signed, signed with other secrets, or was changed afterwards is refused with NotProven."""
    channel = _proving(trial)
    if isinstance(channel, Finding):
        return channel
    wrong = []
    for what, delivery in _forgeries(trial):
        if trial.examples and trial.examples.sign:
            expected = trial.delivery(delivery.body, at=delivery.received_at)
            headers = (expected.headers[name] for name in _secret_headers(trial, expected))
            trial.heard.plant(("signature", part) for one in headers for part in _PARTS.findall(one))
        if wrong_here := _taken(trial, channel, delivery, what):
            wrong.append(wrong_here)
    return summed(wrong, "Unsigned, otherwise signed and changed deliveries are refused.")


async def replayed(trial: Trial) -> Finding:
    """Where the vendor signs the moment, what was signed long ago, or for later, or given another one, is refused."""
    channel = _proving(trial)
    if isinstance(channel, Finding):
        return channel
    body = _bodies(trial)[0]
    signed = trial.delivery(body)
    tolerance_s = trial.examples.tolerance_s if trial.examples else None
    near = timedelta(seconds=(tolerance_s or 2.0) / 2)
    later = trial.delivery(body, at=signed.received_at + max(near, timedelta(seconds=1)))
    signed_parts, later_parts = _parts(signed, later), _parts(later, signed)
    moving = [one for one in signed_parts if signed_parts[one] != later_parts.get(one)]
    if tolerance_s is None:
        if not moving or signed.headers != trial.delivery(body, at=signed.received_at).headers:
            return passed("The vendor signs no moment, so that nobody can tell an old delivery from a new one.")
        return failed("The vendor names a moment. Write `EXAMPLES.tolerance_s`: how far from now it may be.")
    wrong = []
    free = _free(trial, signed, later, moving)
    bound = [one for one in moving if one not in free]
    if not bound:
        wrong.append("The moment is not signed: anybody can name another. Sign it, too, in `sign` as in `prove`.")
    beyond = 2 * timedelta(seconds=tolerance_s) + _BEYOND
    tried = [
        ("signed long ago", replace(signed, received_at=signed.received_at + beyond), _OLD),
        ("signed for a later moment", replace(signed, received_at=signed.received_at - beyond), _OLD),
        *(("with another moment than the signed one", one, _RESTAMPED) for one in _mixed(signed, later, free, bound)),
    ]
    wrong += [one for what, delivery, mend in tried if (one := _taken(trial, channel, delivery, what, mend))]
    return summed(wrong, f"What was signed more than {tolerance_s:g} s from now is refused.")


async def handshake(trial: Trial) -> Finding:
    """No delivery is answered as a check of the address, and no check that brings another token."""
    channel = trial.channel()
    if Capability.WEBHOOK not in channel.capabilities():
        return not_offered("It takes no deliveries, so that there is nothing to check.")
    tried = [trial.delivery(body, is_signed=is_signed) for body in _bodies(trial) for is_signed in (True, False)]
    wrong = [_ANSWERED for delivery in tried if _is_answered(trial, channel, delivery)]
    query = {"hub.mode": "subscribe", "hub.verify_token": "another-token", "hub.challenge": _CHALLENGE}
    check = replace(trial.delivery(b"", is_signed=False), method="GET", query=query)
    if _is_answered(trial, channel, check, holding=_CHALLENGE.encode()):
        wrong.append("A check of the address is answered whose token is another one. Compare it.")
    return summed(wrong, "It answers checks of the address alone, if any.")


def _is_answered(trial: Trial, channel: Any, delivery: Delivery, *, holding: bytes = b"") -> bool:
    """Whether it is answered well, with these bytes."""
    try:
        answer = channel.handshake(delivery)
    except NotProven as error:
        trial.heard.error("on a check of the address", error)
        return False
    return isinstance(answer, Answer) and answer.status < 400 and holding in answer.body  # noqa: PLR2004  RFC 9110, 15.5


def _taken(trial: Trial, channel: Any, delivery: Delivery, what: str, mend: str = _FORGED) -> str | None:
    """What is wrong with how a delivery is taken that is to be refused."""
    trial.patience.begin_step()
    try:
        channel.prove(delivery)
    except NotProven as error:
        trial.heard.error("on a forged delivery", error)
        return None
    except Exception as error:  # noqa: BLE001  whatever a channel does
        return f"`prove` of a delivery {what}: {raised(error)}. Raise NotProven."
    return f"A delivery {what} is taken for the vendor's. {mend}"


def _bodies(trial: Trial) -> list[bytes]:
    return [one.body for one in trial.payloads[:3]] or [_BODY]


def _forgeries(trial: Trial) -> Iterator[tuple[str, Delivery]]:
    for body in _bodies(trial):
        signed = trial.delivery(body)
        yield "without a signature", trial.delivery(body, is_signed=False)
        yield "with an empty signature", with_headers(signed, dict.fromkeys(signed.headers, ""))
        yield "with a signature of no ASCII", with_headers(signed, dict.fromkeys(signed.headers, _NO_ASCII))
        yield "signed with other secrets", trial.delivery(body, settings=trial.other_settings)
        for name in _secret_headers(trial, signed):
            whole = signed.headers[name]
            for length in {_CUT_TO, len(whole) // 2}:
                yield "with a part of its signature", with_headers(signed, {name: whole[:length]})
        if trial.examples and trial.examples.signs_body:
            yield "changed by one byte", with_headers(trial.delivery(body + b" ", is_signed=False), signed.headers)


def _secret_headers(trial: Trial, signed: Delivery) -> list[str]:
    """The headers of a proof that hang on a secret."""
    other = trial.delivery(signed.body, settings=trial.other_settings, at=signed.received_at)
    return [name for name, one in signed.headers.items() if other.headers.get(name) != one]


def _longest(trial: Trial) -> int:
    signed = trial.delivery(_bodies(trial)[0])
    return max((len(signed.headers[name]) for name in _secret_headers(trial, signed)), default=0)


def _free(trial: Trial, signed: Delivery, later: Delivery, moving: list[_Place]) -> list[_Place]:
    """Where anybody can write a moment, for no secret is needed."""
    other = _parts(trial.delivery(signed.body, settings=trial.other_settings, at=signed.received_at), later)
    parts = _parts(signed, later)
    return [one for one in moving if other.get(one) == parts[one]]


def _mixed(signed: Delivery, later: Delivery, free: list[_Place], bound: list[_Place]) -> Iterator[Delivery]:
    """The later delivery with each moment of the earlier one, wherever it stands, and with its signatures."""
    parts, others = _parts(signed, later), _parts(later, signed)
    if free and bound:
        yield from (_exchanged(later, others, {one: parts[one]}) for one in free)
        yield _exchanged(later, others, {one: parts[one] for one in bound})


def _exchanged(delivery: Delivery, parts: dict[_Place, str], others: dict[_Place, str]) -> Delivery:
    """The delivery with other parts of its proof among its own."""
    mixed = {**parts, **others}
    names = {name for name, _ in others}
    return with_headers(delivery, {name: "".join(mixed[at] for at in sorted(mixed) if at[0] == name) for name in names})


def _parts(delivery: Delivery, beside: Delivery) -> dict[_Place, str]:
    """The parts of a proof's headers, as of `t=1772359200,v1=5257a8...`; one that differs in its form is one part."""
    found: dict[_Place, str] = {}
    for name, one in delivery.headers.items():
        parts = _BETWEEN.split(one)
        if len(parts) != len(_BETWEEN.split(beside.headers.get(name, ""))):
            parts = [one]
        found |= {(name, n): part for n, part in enumerate(parts)}
    return found


class _Watched(str):
    """A header that notes when it is compared with a long text by `==`."""

    __slots__ = ("_compared",)
    _compared: list[str]

    @classmethod
    def of(cls, text: str, compared: list[str]) -> "_Watched":
        """The text, which notes."""
        made = cls(text)
        made._compared = compared
        return made

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and len(other) >= _CUT_TO:
            self._compared.append("==")
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def _proving(trial: Trial) -> Any:
    """The channel that proves deliveries; a Finding where there is none, or nobody can sign one."""
    channel: Channel = trial.channel()
    if Capability.WEBHOOK not in channel.capabilities():
        return not_offered("It takes no deliveries, so that there is nothing to check.")
    if trial.examples is None or trial.examples.sign is None:
        return not_checked(_SIGN_WANTED)
    return channel

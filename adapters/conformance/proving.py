"""Is a delivery taken that the vendor signed, and no other?"""

from collections.abc import Iterator
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.trial import Trial, raised, with_headers
from adapters.contract.channel import Capability
from adapters.contract.deliveries import Delivery, NotProven

_SIGN_WANTED: Final = (
    "Write `EXAMPLES.sign`, which gives the headers by which the vendor proves a delivery, so that forged ones can be "
    "made."
)
_BODY: Final = b'{"sample": "delivery"}'
# Latin-1 is what headers may hold; comparing such texts raises TypeError where bytes are not compared.
_NO_ASCII: Final = "\u00ff\u00e9"


async def genuine(trial: Trial) -> Finding:
    """What the vendor signed is taken."""
    channel = _proving(trial)
    if isinstance(channel, Finding):
        return channel
    wrong = []
    for body in _bodies(trial):
        try:
            channel.prove(trial.delivery(body))
        except NotProven as error:
            trial.heard.error("on a signed delivery", error)
            wrong.append("`prove` refuses what EXAMPLES.sign has signed. Mend the one or the other.")
        except Exception as error:  # noqa: BLE001  whatever a channel does
            wrong.append(f"`prove` of a signed delivery: {raised(error)}. Only NotProven may be raised.")
    return summed(wrong, "What is signed with the settings' secrets is taken.")


async def forged(trial: Trial) -> Finding:
    """What is not signed, signed with other secrets, or was changed afterwards is refused with NotProven."""
    channel = _proving(trial)
    if isinstance(channel, Finding):
        return channel
    wrong = []
    for what, delivery in _forgeries(trial):
        try:
            channel.prove(delivery)
        except NotProven as error:
            trial.heard.error("on a forged delivery", error)
        except Exception as error:  # noqa: BLE001  whatever a channel does
            wrong.append(f"`prove` of a delivery {what}: {raised(error)}. Raise NotProven.")
        else:
            wrong.append(f"A delivery {what} is taken for the vendor's. Compare the signature on its raw bytes.")
    return summed(wrong, "Unsigned, otherwise signed and changed deliveries are refused.")


def _bodies(trial: Trial) -> list[bytes]:
    return [one.body for one in trial.payloads[:3]] or [_BODY]


def _forgeries(trial: Trial) -> Iterator[tuple[str, Delivery]]:
    for body in _bodies(trial):
        signed = trial.delivery(body)
        yield "without a signature", trial.delivery(body, is_signed=False)
        yield "with an empty signature", with_headers(signed, dict.fromkeys(signed.headers, ""))
        yield "with a signature of no ASCII", with_headers(signed, dict.fromkeys(signed.headers, _NO_ASCII))
        yield "signed with other secrets", trial.delivery(body, settings=trial.other_settings)
        if trial.examples and trial.examples.signs_body:
            yield "changed by one byte", with_headers(trial.delivery(body + b" ", is_signed=False), signed.headers)


def _proving(trial: Trial) -> Any:
    """The channel that proves deliveries; a Finding where there is none, or nobody can sign one."""
    channel = trial.channel()
    if Capability.WEBHOOK not in channel.capabilities():
        return not_checked("It takes no deliveries, so that there is nothing to check.")
    if trial.examples is None or trial.examples.sign is None:
        return not_checked(_SIGN_WANTED)
    return channel

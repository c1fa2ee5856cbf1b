"""Are orders placed, and payments asked for, once: also where asked twice, and where nobody can know?"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, not_offered, summed
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import Fault, Vendor, vendor
from adapters.conformance.wire import ADDRESS_WANTED, Ask, asked, names_of, oddities
from adapters.contract.channel import PROTOCOLS, Capability, NewOrder, PaymentAsked, PaymentRequest
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, OutcomeUnknown
from adapters.contract.found import Found
from adapters.contract.records import Amount, Item, Order, Who

_KEY: Final = "sample-key"
# Spoilt answers to each; whole ones of another shape are tried besides.
_ODD: Final = 10
_PRICE: Final = Amount(Decimal("9.90"), "EUR")
_TWICE: Final = Amount(Decimal("19.80"), "EUR")
_ITEMS: Final = (
    Item(line="1", title="A bell", quantity=2, total=_TWICE, unit_price=_PRICE, sku="B-1"),
    Item(line="2", title="A 'lamp'\n", quantity=1, total=_PRICE, unit_price=_PRICE),
)
ACTS: Final[Mapping[Capability, Ask]] = {
    Capability.ORDER: lambda channel, who: channel.place_order(NewOrder(who=who, key=_KEY, items=_ITEMS)),
    Capability.PAYMENT: lambda channel, who: channel.ask_payment(
        PaymentRequest(who=who, key=_KEY, amount=_PRICE, words="A bell")
    ),
}
"""A sample of each for somebody."""
_REPEATABLE: Final = {Capability.ORDER: "is_order_repeatable", Capability.PAYMENT: "is_payment_repeatable"}
_MUST: Final[Mapping[Fault, tuple[type[ChannelError], ...]]] = {
    Fault.HANGS: (OutcomeUnknown,),
    Fault.GONE: (ChannelDown,),
    Fault.BROKEN: (ChannelDown,),
    Fault.BUSY: (ChannelBusy,),
    Fault.FORBIDS: (ChannelRefused,),
    Fault.CUT: (OutcomeUnknown, BadPayload),
    Fault.PAGE: (BadPayload, OutcomeUnknown),
    Fault.NULL: (BadPayload, OutcomeUnknown),
    Fault.LIST: (BadPayload, OutcomeUnknown),
    Fault.TEXT: (BadPayload, OutcomeUnknown),
}


async def ordered(trial: Trial) -> Finding:
    """An order that is placed, and a payment that is asked for, come back whole; twice with one key they are one."""
    acts = acts_of(trial)
    if isinstance(acts, Finding):
        return acts
    if not trial.answers:
        return not_checked("Write what the vendor answers to an order into `EXAMPLES.answers`, by the path that asks.")
    wrong: list[str] = []
    async with vendor(trial.answers) as double:
        for capability, act in acts.items():
            double.written.clear()
            outcomes = [await asked(trial, double, act) for _ in range(2)]
            wrong += [f"{capability}: {one}" for outcome in outcomes for one in _amiss(outcome, trial.own)]
            if not wrong and _name(outcomes[0]) != _name(outcomes[1]):
                wrong.append(f"{capability}: asked twice with one key, it names two.")
            if getattr(trial.channel(), _REPEATABLE[capability]) and not all(_KEY in words for words in double.written):
                wrong.append(f"{capability}: it is called repeatable, and the vendor is not told the key.")
    return summed(wrong, f"{' and '.join(acts)}: one each.")


async def asked_once(trial: Trial) -> Finding:
    """What is ordered or asked to be paid is asked for once; what nobody can know is never called refused."""
    acts = acts_of(trial)
    if isinstance(acts, Finding):
        return acts
    wrong = []
    async with vendor(trial.answers) as double:
        for fault, allowed in _MUST.items():
            double.fault = fault
            for capability, act in acts.items():
                double.written.clear()
                outcome = await asked(trial, double, act)
                if len(double.written) > 1:
                    wrong.append(f"{capability}: where the vendor {fault}, it is asked again. The house does that.")
                if not isinstance(outcome, Exception):
                    wrong.append(f"{capability}: where the vendor {fault}, it answers. Raise {names_of(allowed)}.")
                elif not isinstance(outcome, allowed):
                    wrong.append(
                        f"{capability}: where the vendor {fault}: {raised(outcome)}. Raise {names_of(allowed)}."
                    )
        wrong += await _odd(trial, double, acts)
    return summed(wrong, "Each was asked for once, and each failure becomes its named error.")


async def _odd(trial: Trial, double: Vendor, acts: Mapping[Capability, Ask]) -> list[str]:
    """What is wrong where the vendor answers with JSON of another shape."""
    asked_for = {}
    double.fault = Fault.NONE
    for capability, act in acts.items():
        double.seen.clear()
        await asked(trial, double, act)
        asked_for[capability] = {path for _, path in double.seen}
    wrong = []
    for path in oddities(double, _ODD):
        for capability in [one for one in acts if path in asked_for[one]]:
            outcome = await asked(trial, double, acts[capability])
            if isinstance(outcome, Exception) and not isinstance(outcome, ChannelError):
                wrong.append(f"{capability}: {raised(outcome)} where the answer is odd. Raise BadPayload.")
    return wrong


def acts_of(trial: Trial) -> Any:
    """What it offers of both; a Finding where that is nothing, or nobody can be put in the vendor's place."""
    channel = trial.channel()
    offered = channel.capabilities()
    # What it has no methods for, another check tells.
    acts = {one: act for one, act in ACTS.items() if one in offered and isinstance(channel, PROTOCOLS[one])}
    if not acts:
        return not_offered("It takes no orders and asks for no payments, so that there is nothing to check.")
    return acts if trial.is_reachable else not_checked(ADDRESS_WANTED)


def _amiss(outcome: Any, who: Who) -> list[str]:
    """What is wrong with the answer where the vendor answers well."""
    if isinstance(outcome, Exception):
        return [f"{raised(outcome)} where the vendor answers well. Are its answers in `EXAMPLES.answers`?"]
    if isinstance(outcome, PaymentAsked):
        is_page = outcome.url.startswith(("https://", "http://")) and bool(outcome.external_id)
        return [] if is_page else ["It names no page on the web, or no id of the request."]
    orders = [one for one in outcome.records if isinstance(one, Order)] if isinstance(outcome, Found) else []
    if len(orders) != 1:
        return [f"It answers {len(orders)} orders. Answer the one that was placed."]
    return [] if orders[0].who == who else ["The order is somebody else's than it was placed for."]


def _name(outcome: Any) -> str:
    if isinstance(outcome, PaymentAsked):
        return outcome.external_id
    return next(one.external_id for one in outcome.records if isinstance(one, Order))

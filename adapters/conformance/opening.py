"""Is a file given of which the channel has told?"""

from collections.abc import AsyncIterator
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, not_offered, summed
from adapters.conformance.following import LISTS, pages
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import Fault, Vendor, vendor
from adapters.conformance.wire import ADDRESS_WANTED, MUST, asked, names_of
from adapters.contract.channel import Capability, GivesFiles, WantedFile
from adapters.contract.errors import ChannelError
from adapters.contract.records import File
from adapters.contract.reply import Reply

_BY_OTHER_SETTINGS: Final = (
    "It gives files by other settings than those of EXAMPLES, so that none was asked for here. Where the vendor gives "
    "them by HTTP, name in EXAMPLES what they need. The suite has no server of IMAP: try files of a mailbox in tests "
    "of the channel's own."
)
_ELSEWHERE: Final = (
    "It gives files, and is spoken to by SMTP, by which nobody gives any; the suite has no server of IMAP, so that "
    "none was asked for here. Try them in tests of the channel's own."
)


async def opened(trial: Trial) -> Finding:
    """A file of which it told is given, and where the vendor fails, that becomes its named error."""
    channel = trial.channel()
    if Capability.FILES not in channel.capabilities():
        return not_offered(_BY_OTHER_SETTINGS if isinstance(channel, GivesFiles) else "It gives no files.")
    if trial.scheme != "http":
        return not_offered(_ELSEWHERE)
    if not trial.is_reachable:
        return not_checked(ADDRESS_WANTED)
    wrong = []
    async with vendor(trial.answers) as double:
        file = await anext(_told(trial, double), None)
        if file is None:
            return not_checked("No recorded delivery or answer tells of a file. Write one that does into EXAMPLES.")
        outcome = await _asked(trial, double, file)
        # The address that the vendor names for it may lead elsewhere, where nobody goes in a trial.
        if not isinstance(outcome, Reply | ChannelError):
            wrong.append(f"{_said(outcome)} where the vendor answers well. Answer the Reply whose body it is.")
        # A page may be a file.
        for fault, allowed in ((one, allowed) for one, allowed in MUST.items() if one is not Fault.PAGE):
            double.fault = fault
            outcome = await _asked(trial, double, file)
            if not isinstance(outcome, allowed):
                wrong.append(f"Where the vendor {fault}: {_said(outcome)}. Raise {names_of(allowed)}.")
    return summed(wrong, "A file is given, or the reason why not.")


async def _told(trial: Trial, double: Vendor) -> AsyncIterator[File]:
    """Files of which deliveries and answers tell."""
    channel: Any = trial.channel()
    if Capability.WEBHOOK in channel.capabilities():
        for payload in trial.payloads:
            try:
                events = channel.events(trial.delivery(payload.body))
            except ChannelError:
                continue
            for one in (record for event in events for record in event.records):
                if isinstance(one, File):
                    yield one
    for capability in (one for one in LISTS if one in channel.capabilities()):
        async for found in pages(trial, double, capability, trial.own):
            for one in found.records:
                if isinstance(one, File):
                    yield one


async def _asked(trial: Trial, double: Vendor, file: File) -> Any:
    """What the channel answers, or the error that it raises."""
    wanted = WantedFile(external_id=file.external_id, of=file.of, of_kind=file.of_kind)
    return await asked(trial, double, lambda channel, _who: channel.file(wanted))


def _said(outcome: Any) -> str:
    return raised(outcome) if isinstance(outcome, Exception) else f"it answers {type(outcome).__name__}"

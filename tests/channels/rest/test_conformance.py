"""Does the REST channel behave as the conformance suite wants every channel to?"""

from contextlib import asynccontextmanager

from adapters.channels.rest import CHANNEL
from adapters.conformance.suite import try_out
from adapters.discovery import Adapter
from adapters.http.session import Outside


@asynccontextmanager
async def way_out(place, manners):
    """The house's own way."""
    async with Outside() as outside:
        yield outside.way(*place, manners)


async def test_conforms() -> None:
    """Every check of the suite is passed, and none is left out but that of files, which no mapping gives."""
    report = await try_out(Adapter(CHANNEL, "here"), way_out, mutations=20, deadline_s=0.05)
    assert [check.name for check, finding in report.findings if finding.outcome != "PASS"] == ["opened"]

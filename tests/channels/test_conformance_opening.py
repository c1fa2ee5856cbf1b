"""A channel that tells of files is asked for one, and found out where it gives something else."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from adapters.conformance import opening
from adapters.conformance.findings import Outcome
from adapters.conformance.suite import CHECKS, Report, try_out
from adapters.contract.channel import Capability, WantedFile
from adapters.contract.errors import ChannelError
from adapters.contract.found import Found, Portion
from adapters.contract.records import Case, File, Who
from adapters.contract.reply import Reply
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_acme import EXAMPLES, Acme
from tests.conftest import NOW

_CHECKS = [one for one in CHECKS if one.run is opening.opened or one.name in {"described", "secret", "made", "waiting"}]


class Opening(Acme):
    """The sample channel, whose tickets have a file each."""

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """With their files."""
        found = await super().tickets(who, portion)
        files = [self._of(one) for one in found.records if isinstance(one, Case)]
        return replace(found, records=(*found.records, *files))

    def _of(self, case: Case) -> File:
        return File(
            channel=self.name,
            account=self.account,
            external_id=f"f-{case.external_id}",
            who=case.who,
            of=case.external_id,
            of_kind="ticket",
            name="a.txt",
            media_type="text/plain",
            size_bytes=None,
            created_at=case.created_at,
        )

    async def file(self, wanted: WantedFile) -> Any:
        """As the vendor has it."""
        return await self.way.get(f"{self.settings.base_url}/files/{quote(wanted.external_id, safe='')}")


class _Bare(Opening):
    async def file(self, wanted: WantedFile) -> Any:
        del wanted
        return b"bytes without an answer around"


class _Swallowing(Opening):
    async def file(self, wanted: WantedFile) -> Any:
        try:
            return await super().file(wanted)
        except ChannelError:
            return Reply(status=200, headers={}, body=b"", as_of=NOW)


class _Stumbling(Opening):
    async def file(self, wanted: WantedFile) -> Any:
        return (await super().file(wanted)).json()["url"]


class _Elsewhere(Opening):
    def capabilities(self) -> tuple[Capability, ...]:
        """Without files, as its settings name nobody who has them."""
        return tuple(one for one in super().capabilities() if one is not Capability.FILES)


PLANTED = [(_Bare, "opened"), (_Swallowing, "opened"), (_Stumbling, "opened")]


def _tried(cls: type[Acme]) -> Report:
    examples = replace(EXAMPLES, answers={**EXAMPLES.answers, "/files/f-t-1": b'["a file"]'})
    return asyncio.run(try_out(Adapter(cls, "tests"), one_way, deadline_s=0.05, checks=_CHECKS, examples=examples))


def test_files_are_given() -> None:
    """A channel that gives its files passes."""
    report = _tried(Opening)
    assert {finding.outcome for _, finding in report.findings} == {Outcome.PASS}


@pytest.mark.parametrize(("cls", "check"), PLANTED)
def test_not_given(cls: type[Acme], check: str) -> None:
    """One that answers something else, hides a vendor's failure, or stumbles over the answer fails."""
    assert _tried(cls).failed == [check]


def test_offered_by_other_settings() -> None:
    """Where the settings of the examples leave files out that the channel can give, the suite says so."""
    report = asyncio.run(try_out(Adapter(_Elsewhere, "tests"), one_way, checks=_CHECKS, examples=EXAMPLES))
    told = {check.name: finding for check, finding in report.findings}["opened"]
    assert (told.outcome, told.words[:29]) == (Outcome.NOT_OFFERED, "It gives files by other setti")


def test_never_told_of() -> None:
    """Where nothing recorded tells of a file, nothing could be checked."""
    examples = replace(EXAMPLES, answers={})
    report = asyncio.run(
        try_out(Adapter(Opening, "tests"), one_way, deadline_s=0.05, checks=_CHECKS, examples=examples)
    )
    assert report.unchecked == ["opened"]

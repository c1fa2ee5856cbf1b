"""Nothing that the outside hands in, and no secret, stands in what shows itself, in a log or in a mistake's words."""

from io import StringIO
from pathlib import Path

import pytest
import structlog
from pymongo import AsyncMongoClient

from adapters.contract.deliveries import Delivery, Event
from adapters.contract.found import Found
from adapters.contract.records import Person, Who
from adapters.contract.sending import Outgoing, Template
from gateway.channel_file import read_channels
from gateway.logs import configure_logs
from gateway.mongod import Mongod
from gateway.settings import BadSettings
from tests.conftest import NOW
from tests.gateway.conftest import logs_as_before

__all__ = ["logs_as_before"]

MARK = "zqxvjwkhaoutside"
WHO = Who("acme", "main", MARK)


def _shown() -> list[object]:
    """What goes between the house and its channels, with a mark wherever there is room."""
    person = Person(who=WHO, attributes={"firstName": MARK})
    named = {"x-signature": MARK}
    return [
        Delivery(method="POST", query={"hub.verify_token": MARK}, headers=named, body=MARK.encode(), received_at=NOW),
        Event(key=MARK, order_by=MARK, records=(person,), who=WHO),
        Found(records=(person,)),
        Outgoing(
            who=WHO,
            key="1",
            text=MARK,
            conversation=MARK,
            template=Template(name="hello", language="en", values=(MARK,)),
            now=NOW,
        ),
    ]


@pytest.mark.parametrize("one", _shown(), ids=lambda one: type(one).__name__)
def test_shows_no_value(one: object) -> None:
    """Whatever a channel hands over or is handed shows itself without secrets and values."""
    assert MARK not in repr(one)


@pytest.mark.parametrize("lines", ["", "\nsecond {}"])
@pytest.mark.parametrize("kind", [ValueError, KeyError, UnicodeError])
def test_traceback_quotes_nothing(logs_as_before: None, kind: type[Exception], lines: str) -> None:
    """A traceback is logged without the words of errors that quote the value they were given."""
    del logs_as_before
    logs = StringIO()
    configure_logs("debug", stream=logs)
    try:
        raise RuntimeError from kind(f"bad {MARK}{lines.format(MARK)}")  # noqa: TRY301  raised here to have a traceback
    except RuntimeError as error:
        structlog.get_logger("gateway.test").error("unforeseen", exc_info=error)
    assert kind.__name__ in logs.getvalue()
    assert MARK not in logs.getvalue()


async def test_own_database_logs_no_query(mongod: Mongod) -> None:
    """The gateway's own database writes no query into its log, however slow: there stands whom it asks for."""
    async with AsyncMongoClient(mongod.url) as client:
        told = await client.admin.command("profile", -1)
    assert (told["was"], told["slowms"]) == (0, 2**31 - 1)


def test_mistake_quotes_no_password(tmp_path: Path) -> None:
    """A mistake in the settings file is told without the password that stands in an address."""
    path = tmp_path / "channels.toml"
    line = f'base_url = "https://user:{MARK}@acme.example"'
    path.write_text(f'[[channel]]\nname = "zendesk"\naccount = "acme"\n{line}\n')
    with pytest.raises(BadSettings) as told:
        read_channels(path)
    assert MARK not in str(told.value)

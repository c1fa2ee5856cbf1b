"""Each error of Meta's is filed by what the caller does next."""

import json
from typing import Any

import pytest

from adapters.channels.whatsapp.sending import judged
from adapters.contract.errors import (
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
)
from adapters.contract.reply import Reply
from adapters.contract.sending import WindowClosed
from tests.channels.meta_deliveries import NOW

BUSY = [4, 17, 32, 613, 80001, 80006, 80007, 80014, 130429, 131048, 131056, 133016]
BUSY += [2, 131000, 131016, 131057, 133004]
DOWN = [1]
REFUSED = [0, 3, 10, 100, 190, 200, 299, 368, 130472, 131005, 131008, 131009, 131021, 131026, 131030, 131031, 131042]
REFUSED += [131045, 131049, 131050, 131051, 131052, 131053, 131062, 131063, 131064, 132000, 132001, 132005, 132007]
REFUSED += [132008, 132012, 132015, 132016, 135000, 999999]

SAMPLE = {
    "message": "(#131056) (Business Account, Consumer Account) pair rate limit hit",
    "type": "OAuthException",
    "code": 131056,
    "fbtrace_id": "A4O5a8RAgePwbcGSu",
    "error_data": {"messaging_product": "whatsapp", "details": "Message failed to send."},
}


def reply(error: Any, *, status: int = 400, **headers: str) -> Reply:
    """An answer that tells of an error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=json.dumps({"error": error}).encode(), as_of=NOW)


OF_ACCOUNT = {0, 3, 10, 190, 200, 299, 368, 131005, 131031, 131042, 131045}
"""Those refusals that are of whatever is asked, until people have mended our token, permissions or account."""

TABLE: list[tuple[int, type[ChannelError]]] = [
    *((code, ChannelBusy) for code in BUSY),
    *((code, ChannelDown) for code in DOWN),
    *((code, ChannelRefused) for code in REFUSED),
    (131047, WindowClosed),
]


@pytest.mark.parametrize(("code", "kind"), TABLE)
@pytest.mark.parametrize("status", [400, 403])
def test_by_code(code: int, kind: type[ChannelError], status: int) -> None:
    """A code says what to do, whatever status comes with it."""
    error = judged(reply({"message": "+16505551234", "code": code}, status=status))
    assert type(error) is kind
    assert str(code) in str(error)
    assert "650" not in str(error)
    if isinstance(error, ChannelRefused) and kind is ChannelRefused:
        assert error.code == str(code)
        assert error.is_of_account is (code in OF_ACCOUNT)
    if isinstance(error, ChannelBusy):
        assert error.is_of_person is (code == 131056)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        ({"code": 100, "error_subcode": 33}, 400, NoSuchIdentity),
        ({"code": 777777, "is_transient": True}, 400, ChannelDown),
        ({"code": 777777, "is_transient": "true"}, 400, ChannelRefused),
        ({"code": 777777}, 500, ChannelDown),
        ({"code": 190}, 500, ChannelRefused),
        ({"code": 130429}, 200, ChannelBusy),
        ({"code": "130429"}, 400, ChannelRefused),
        ({"code": True}, 503, ChannelDown),
        ({"message": "?"}, 429, ChannelBusy),
        ({"message": "?"}, 200, ChannelRefused),
        ("text", 502, ChannelDown),
        (None, 400, ChannelRefused),
    ],
)
def test_odd_errors(error: Any, status: int, kind: type[ChannelError]) -> None:
    """Subcodes and transience count; an error without a code is told by its status."""
    assert type(judged(reply(error, status=status))) is kind


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"error":'])
def test_no_error_of_metas(body: bytes) -> None:
    """What is no JSON of Meta's is told by its status alone."""
    assert type(judged(Reply(status=503, headers={}, body=body, as_of=NOW))) is ChannelDown
    assert judged(Reply(status=200, headers={}, body=body, as_of=NOW)) is None


def usage(minutes: Any) -> str:
    """The header of a business use case."""
    case = {"type": "whatsapp", "call_count": 100, "estimated_time_to_regain_access": minutes}
    return json.dumps({"102290129340398": [{**case, "estimated_time_to_regain_access": 0}, case]})


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"x_business_use_case_usage": usage(5)}, 300.0),
        ({"x_business_use_case_usage": usage(0)}, None),
        ({"x_business_use_case_usage": usage("soon")}, None),
        ({"x_business_use_case_usage": usage(True)}, None),
        ({"x_business_use_case_usage": "{"}, None),
        ({"x_business_use_case_usage": "[1]"}, None),
        ({"x_business_use_case_usage": '{"1": 7}'}, None),
        ({"retry_after": "30"}, 30.0),
    ],
)
def test_wait(headers: dict[str, str], wait_s: float | None) -> None:
    """How long to wait stands in the usage header, in minutes; where it does not, nobody knows."""
    error = judged(reply({"code": 80007}, **headers))
    assert isinstance(error, ChannelBusy)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize(("headers", "wait_s"), [({}, 6.0), ({"x_business_use_case_usage": usage(2)}, 120.0)])
def test_pair_rate_waits(headers: dict[str, str], wait_s: float) -> None:
    """The rate of one pair is one message every six seconds, unless more is to be waited for."""
    error = judged(reply(SAMPLE, **headers))
    assert isinstance(error, ChannelBusy)
    assert error.retry_after_s == wait_s

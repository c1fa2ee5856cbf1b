"""Are long answers sent compressed to those who take that, and no others?"""

import pytest

from gateway.compressing import takes_gzip
from tests.gateway.conftest import Gate, OpenGate, data_of

LONG = "hola, ¿cómo estás? " * 1_000
ECHO = "query Echo($text: String!) { echo(text: $text) }"


@pytest.mark.parametrize(
    ("accept_encoding", "takes"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP;Q=0.5", True),
        ("x-gzip", True),
        ("br, zstd, gzip;q=0.1", True),
        ("*", True),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("gzip;q=0.5, identity;q=0.8", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0, *", True),
        ("gzip;q=x", False),
        ("gzipped", False),
    ],
)
def test_negotiated(accept_encoding: str | None, takes: bool) -> None:
    """Gzip is sent to whoever takes it and likes it as well as what is not compressed (RFC 9110, 12.5.3)."""
    assert takes_gzip(accept_encoding) is takes


async def test_long_answer_compressed(gate: Gate) -> None:
    """A long answer is sent in gzip, reads the same, and says that it depends on what was accepted."""
    for accepted, coded in (("gzip", "gzip"), ("gzip;q=0", None), ("br", None)):
        headers = gate.bearer() | {"Accept-Encoding": accepted}
        response = await gate.ask(ECHO, variables={"text": LONG}, headers=headers)
        assert data_of(response) == {"echo": LONG}
        assert response.headers.get("content-encoding") == coded
        assert "Accept-Encoding" in response.headers["vary"]
        assert (int(response.headers["content-length"]) < 1_000) is (coded is not None)


async def test_very_long_answer_compressed(gate: Gate) -> None:
    """One that takes long to compress is compressed beside the others."""
    text = LONG * 8
    headers = gate.bearer() | {"Accept-Encoding": "gzip"}
    response = await gate.ask(ECHO, variables={"text": text}, headers=headers)
    assert (response.headers.get("content-encoding"), data_of(response)) == ("gzip", {"echo": text})


@pytest.mark.parametrize(
    ("least", "text"), [pytest.param(14_600, "x" * 14_000, id="short"), pytest.param(0, LONG, id="off")]
)
async def test_plain_below(open_gate: OpenGate, least: int, text: str) -> None:
    """What is shorter than the setting says goes as it is, and so does everything where it says 0."""
    gate = open_gate(compress_from_bytes=least)
    headers = gate.bearer() | {"Accept-Encoding": "gzip"}
    response = await gate.ask(ECHO, variables={"text": text}, headers=headers)
    assert (data_of(response), response.headers.get("content-encoding")) == ({"echo": text}, None)


@pytest.mark.parametrize(
    ("query", "accept", "coded"),
    [
        pytest.param("{ viewer { subject } }", "application/json", "gzip", id="query"),
        pytest.param("mutation { wait(seconds: 0) { __typename } }", "application/json", None, id="mutation"),
        pytest.param("{ viewer { subject } }", "text/event-stream", None, id="answer in a stream"),
        pytest.param("subscription { ticks(times: 3) { number } }", "text/event-stream", None, id="subscription"),
    ],
)
async def test_secrets_and_events_plain(open_gate: OpenGate, query: str, accept: str, coded: str | None) -> None:
    """However long, what a mutation answers, which may be a token, is never compressed, and no event is."""
    gate = open_gate(compress_from_bytes=1)
    headers = gate.bearer() | {"Accept-Encoding": "gzip", "Accept": accept}
    response = await gate.ask(query, headers=headers)
    assert (response.headers.get("content-encoding"), '"data":{' in response.text) == (coded, True)


async def test_length_is_blurred(gate: Gate) -> None:
    """The same answer is not always as long on the wire, so that its length tells little of what it holds."""
    headers = gate.bearer() | {"Accept-Encoding": "gzip"}
    asked = [await gate.ask(ECHO, variables={"text": LONG}, headers=headers) for _ in range(8)]
    assert len({one.headers["content-length"] for one in asked}) > 1

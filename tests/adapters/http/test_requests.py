"""Which two requests are the same question?"""

from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from adapters.http.requests import Request

_WORDS = st.text("ab", max_size=2)
_REQUESTS = st.builds(
    lambda path, headers, body: Request(
        method="POST", url=URL.build(scheme="https", host="x.y", path=f"/{path}"), headers=headers, body=body
    ),
    _WORDS,
    st.dictionaries(_WORDS, _WORDS, max_size=2),
    st.binary(max_size=2),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_REQUESTS, _REQUESTS, st.sampled_from(["x/a", "x/b"]), st.sampled_from(["x/a", "x/b"]))
def test_fingerprints_tell_apart(one: Request, other: Request, here: str, there: str) -> None:
    """Two questions have one fingerprint exactly where place, address, headers and body are the same."""
    same = (here, one.url, dict(one.headers), one.body) == (there, other.url, dict(other.headers), other.body)
    assert (one.fingerprint(here) == other.fingerprint(there)) == same


def test_requests_show_nothing() -> None:
    """Neither address nor headers nor body of a request are shown by it."""
    request = Request(method="POST", url=URL("https://x.y/s3cret"), headers={"Authorization": "s3cret"}, body=b"s3cret")
    assert "s3cret" not in repr(request)
    assert b"s3cret" not in request.fingerprint("x/a")


def test_header_names_have_no_case() -> None:
    """Headers are the same whatever the case of their names, and in whatever order."""
    one = Request(method="GET", url=URL("https://x.y/"), headers={"A": "1", "b": "2"})
    other = Request(method="GET", url=URL("https://x.y/"), headers={"B": "2", "a": "1"})
    assert one.fingerprint("x/a") == other.fingerprint("x/a")

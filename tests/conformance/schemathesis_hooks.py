"""What does Schemathesis send, and what must an answer be? Read by the process that schemathesis_roles.py starts."""

import itertools
import json
import math
import os
from pathlib import Path
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

FOLDER: Final = Path(os.environ["HOOKS_FOLDER"])
SEEN: Final = Path(os.environ["HOOKS_SEEN"])
KNOWN: Final[dict[str, list[str]]] = json.loads((FOLDER / "known.json").read_text("utf-8"))
HEADERS: Final = itertools.cycle(json.loads((FOLDER / "headers.json").read_text("utf-8")))
_SERVERS_FAULT: Final = 500
# Why the gateway may refuse for a while with a status of 503: a limit, which says so.
_REFUSED: Final = {"LIMIT_EXCEEDED"}


def _codes(answer: Any) -> list[str | None]:
    return [(one.get("extensions") or {}).get("code") for one in answer.get("errors") or []]


@schemathesis.check
def answered_well(_context: Any, response: Any, _case: Any) -> None:
    """An answer is no server's error, and each of its errors has a code."""
    codes = _codes(response.json())
    assert all(isinstance(code, str) and code for code in codes), "an error without a code"
    assert "INTERNAL" not in codes, "an unforeseen error"
    assert response.status_code < _SERVERS_FAULT or set(codes) <= _REFUSED, "a server's error"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Each question comes from the next caller."""
    case.headers = {**(case.headers or {}), **next(HEADERS)}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """Each answer is counted."""
    line = {"asked": case.operation.label, "status": response.status_code, "codes": _codes(response.json())}
    with SEEN.open("a", encoding="utf-8") as seen:
        seen.write(json.dumps(line) + "\n")


def _strings(*strategies: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.one_of(*strategies).map(nodes.String)


_texts = st.text(max_size=40)
_ids = st.sampled_from(KNOWN["ids"])
scalar("ID", _strings(st.sampled_from(KNOWN["customers"]), _ids, _ids, _texts, st.integers().map(str)))
scalar("String", _strings(st.sampled_from(KNOWN["words"]), _ids, _texts, _texts))
scalar(
    "AttributeScalar",
    st.one_of(
        _strings(st.sampled_from(KNOWN["words"]), _texts),
        st.integers().map(nodes.Int),
        st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float),
        st.booleans().map(nodes.Boolean),
    ),
)
scalar("CurrencyCode", _strings(st.sampled_from(["USD", "EUR", "COP"]), _texts))
scalar("Date", _strings(st.dates().map(str), _texts))
scalar(
    "DateTime",
    _strings(st.datetimes(timezones=st.timezones()).map(lambda one: one.isoformat()), st.datetimes().map(str)),
)
scalar("Decimal", _strings(st.decimals(allow_nan=False).map(str), st.floats().filter(math.isfinite).map(repr)))
scalar("EmailAddress", _strings(st.emails(), _texts))
scalar("Url", _strings(st.sampled_from(["https://shop.example/a", "javascript:alert(1)"]), _texts))

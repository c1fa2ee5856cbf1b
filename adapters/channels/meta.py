"""What do Meta's channels share: how an address is checked, how a delivery is signed, what an error means?

Facts: developers.facebook.com, Graph API: webhooks/getting-started, guides/error-handling, overview/rate-limiting.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from pydantic import SecretStr

from adapters.contract.addresses import origin_of
from adapters.contract.channel import LARGEST_FILE
from adapters.contract.deliveries import Answer, Delivery, NotProven
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.manners import by_status, retry_after_s
from adapters.contract.reply import Reply
from adapters.contract.way import Way
from adapters.signatures import hmac_sha256_hex, is_signed_by_any

SIGNATURE: Final = "x-hub-signature-256"
_ALGORITHM: Final = "sha256="
_MINUTE_S: Final = 60.0
# As `lookaside.fbsbx.com`, where the Cloud API's media lie.
_HOSTS_OF_FILES: Final = (".facebook.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net")

_THROTTLED: Final = frozenset({4, 17, 32, 613, *range(80000, 80015)})
"""Limits of the app, the user, the page, a custom one, and of business use cases."""
_DOWN: Final = frozenset({1, 2})
"""The service is unknown to itself, or overloaded: both say to try later."""
_NOTHING_THERE: Final = (100, 33)
"""Code and subcode of an id that does not exist, or that our token may not see."""

_WHAT_TO_DO: Final[Mapping[int, str]] = {
    0: "Make a new access token.",
    3: "Grant the app its permissions.",
    10: "Grant the app its permissions.",
    100: "A parameter is wrong: look at what was sent.",
    102: "Make a new access token.",
    190: "Make a new access token.",
    368: "The account is blocked for breaking a policy: look at the account's quality page.",
}
_PERMISSIONS: Final = range(200, 300)
_OF_ACCOUNT: Final = frozenset({0, 3, 10, 102, 190, 368, *_PERMISSIONS})
"""Our token, our permissions, our account: whatever is asked is refused until people have mended it."""


def handshake(delivery: Delivery, verify_token: SecretStr) -> Answer | None:
    """The answer to Meta's check of the address: the challenge, or 403 where the token is not ours."""
    if delivery.method != "GET" or "hub.mode" not in delivery.query:
        return None
    given = delivery.query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    is_ours = hmac.compare_digest(given, verify_token.get_secret_value().encode())
    if delivery.query["hub.mode"] != "subscribe" or not is_ours:
        return Answer(status=HTTPStatus.FORBIDDEN, body=b"The verify token is not ours.")
    return Answer(body=delivery.query.get("hub.challenge", "").encode("utf-8", "replace"))


def prove(delivery: Delivery, app_secrets: Sequence[SecretStr]) -> None:
    """Returns where one of the app secrets signed these very bytes; raises NotProven else.

    The bytes as they came: Meta escapes accents, emoji, slashes and `<`, and JSON written anew has another signature.
    """
    given = delivery.headers.get(SIGNATURE, "").strip()
    if not given:
        raise NotProven(f"The delivery carries no {SIGNATURE}. Only what Meta signs is taken.")
    if not given.startswith(_ALGORITHM):
        raise NotProven(f"The {SIGNATURE} names another algorithm. Only SHA-256 is taken.")
    if not is_signed_by_any(app_secrets, delivery.body, given.removeprefix(_ALGORITHM)):
        raise NotProven("The signature is of none of our app secrets. Compare them with the app's.")


async def file_at(way: Way, url: str, access_token: SecretStr, base_url: str) -> Reply:
    """What stands at a file's address, asked with our token on Meta's hosts alone. Raises ChannelError."""
    headers = {"Authorization": f"Bearer {access_token.get_secret_value()}"} if is_metas(url, base_url) else {}
    return await way.fetch_public(url, headers=headers, largest_body=LARGEST_FILE)


def is_metas(url: str, base_url: str) -> bool:
    """Whether an address is on a host of Meta's, or on the one where its API is asked."""
    there, base = origin_of(url), origin_of(base_url)
    return there is not None and (there == base or (there[0] == "https" and there[1].endswith(_HOSTS_OF_FILES)))


def signature(app_secret: SecretStr, body: bytes) -> str:
    """What Meta sends along with a body: the algorithm, and the digest in hexadecimal."""
    return _ALGORITHM + hmac_sha256_hex(app_secret, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What the error codes of one of Meta's channels mean, beside those that all of them share."""

    busy: Mapping[int, float | None] = field(default_factory=dict)
    """It takes no more for now, or cannot, and did nothing of what was asked: a message may be sent again.

    Each with the seconds to wait, where they are fixed.
    """
    of_person: frozenset[int] = frozenset()
    """Of those, which say that of the one person only."""
    what_to_do: Mapping[int, str] = field(default_factory=dict)
    """What an operator does about a refusal."""
    of_account: frozenset[int] = frozenset()
    """Which refusals are of our account, whatever it asks, beside those that all of Meta's channels share."""


def judge(reply: Reply, codes: Codes) -> ChannelError | None:
    """What an answer means that may be a failure: by Meta's code where it names one, by its status else.

    The vendor's own words are left out: they may name a number or a person.
    """
    error = _error(reply)
    code = error.get("code") if error else None
    if error is None or not isinstance(code, int) or isinstance(code, bool):
        return by_status(reply) or (ChannelRefused("It answered with an error without a code.") if error else None)
    if code in codes.busy or code in _THROTTLED:
        wait_s, of_person = _wait_s(reply, codes.busy.get(code)), code in codes.of_person
        return ChannelBusy(f"It takes nothing for now ({code}).", retry_after_s=wait_s, is_of_person=of_person)
    if code in _DOWN or error.get("is_transient") is True:
        return ChannelDown(f"It cannot serve us for now ({code}).")
    if (code, error.get("error_subcode")) == _NOTHING_THERE:
        return NoSuchIdentity("It knows nothing by that id, or our token may not see it (100, 33).")
    what_to_do = codes.what_to_do.get(code) or _what_to_do(code)
    if what_to_do is None and reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ChannelDown(f"It answered with {reply.status} ({code}).")
    return ChannelRefused(
        f"It refused the request ({code}). {what_to_do or 'Look its code up.'}",
        code=str(code),
        is_of_account=code in _OF_ACCOUNT or code in codes.of_account,
    )


def _what_to_do(code: int) -> str | None:
    return "Grant the app its permissions." if code in _PERMISSIONS else _WHAT_TO_DO.get(code)


def _error(reply: Reply) -> Mapping[str, Any] | None:
    """The error that an answer tells of; None where it tells of none, which may be good or no JSON of Meta's."""
    if reply.status < HTTPStatus.MULTIPLE_CHOICES and b'"error"' not in reply.body:
        return None
    try:
        body = reply.json()
    except BadPayload:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def _wait_s(reply: Reply, fixed: float | None) -> float | None:
    """How long to wait: as the usage headers say, else as the code says, else as Retry-After says."""
    minutes = max(_minutes(reply.headers.get("x-business-use-case-usage")), default=0.0)
    return minutes * _MINUTE_S if minutes > 0 else fixed if fixed is not None else retry_after_s(reply)


def _minutes(usage: str | None) -> Iterator[float]:
    """Every estimate in the header, which is JSON: lists of use cases by the business's id."""
    try:
        businesses = json.loads(usage or "{}")
    except (ValueError, RecursionError):
        return
    for cases in businesses.values() if isinstance(businesses, dict) else ():
        for case in cases if isinstance(cases, list) else ():
            said = case.get("estimated_time_to_regain_access") if isinstance(case, dict) else None
            if isinstance(said, int | float) and not isinstance(said, bool):
                yield float(said)

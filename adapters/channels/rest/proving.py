"""Is a delivery the vendor's, by what its mapping says about signatures?"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr

from adapters.channels.rest.stated import StatedSignature
from adapters.contract.deliveries import Delivery, NotProven
from adapters.hints import did_you_mean
from adapters.signatures import hmac_sha256_base64, hmac_sha256_hex
from adapters.values import BadValue, Read, moments

STANDARD_ID, STANDARD_TIMESTAMP, STANDARD_SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_STANDARD_SECRET = "whsec_"  # noqa: S105  what secrets of that standard begin with
_PARTS = ("body", "timestamp", "method", "url")
_GAP = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How deliveries of one channel account are proven."""

    stated: StatedSignature
    secrets: Sequence[SecretStr]
    """Two while one replaces the other."""
    url: str | None
    """Under which URL the vendor reaches us, where it signs that, too."""
    moment: Read

    def check(self, delivery: Delivery) -> None:
        """Returns where the delivery is the vendor's; raises NotProven else."""
        if not self.secrets:
            raise self._not("There is no `webhook_secret` in the settings, so that nothing can be proven.")
        given = delivery.headers.get(self._header, "")
        if not given:
            raise self._not(f"The header {self._header} is missing.")
        if self._timestamp:
            self._check_time(delivery)
        expected = [one for secret in self.secrets for one in self._expected(delivery, secret)]
        offered = given.split(" ") if self.stated.scheme == "standard_webhooks" else [given]
        # Every pair is compared, in a time that tells nothing.
        matches = [hmac.compare_digest(_bytes(one), _bytes(other)) for one in expected for other in offered]
        if not any(matches):
            raise self._not(f"The header {self._header} does not fit the body and `webhook_secret`.")

    def signed(self, delivery: Delivery) -> Mapping[str, str]:
        """The headers by which the vendor would prove the delivery, for trying the channel out."""
        headers = {STANDARD_ID: "sample-id"} if self.stated.scheme == "standard_webhooks" else {}
        if self._timestamp:
            at = delivery.received_at
            style = "unix" if self.stated.scheme == "standard_webhooks" else self.stated.timestamp_style
            whole = {"unix": 1, "unix_ms": 1_000}.get(style)
            headers[self._timestamp] = str(int(at.timestamp() * whole)) if whole else at.isoformat()
        dated = replace(delivery, headers={**delivery.headers, **headers})
        return {**headers, self._header: self._expected(dated, self.secrets[0])[0]}

    @property
    def _header(self) -> str:
        is_standard = self.stated.scheme == "standard_webhooks"
        return STANDARD_SIGNATURE if is_standard else (self.stated.header or "").lower()

    @property
    def _timestamp(self) -> str | None:
        is_standard = self.stated.scheme == "standard_webhooks"
        return STANDARD_TIMESTAMP if is_standard else self.stated.timestamp and self.stated.timestamp.lower()

    def _check_time(self, delivery: Delivery) -> None:
        said = delivery.headers.get(self._timestamp or "", "")
        try:
            moment: datetime = self.moment(said)
        except BadValue as error:
            raise self._not(f"The header {self._timestamp} holds no moment.") from error
        if abs((delivery.received_at - moment).total_seconds()) > self.stated.tolerance_s:
            raise self._not(f"It was signed more than {self.stated.tolerance_s:g} s away from now.")

    def _expected(self, delivery: Delivery, secret: SecretStr) -> Sequence[str]:
        text = secret.get_secret_value()
        if self.stated.scheme == "token":
            return [self.stated.prefix + text]
        if self.stated.scheme == "standard_webhooks":
            stamp = f"{delivery.headers.get(STANDARD_ID, '')}.{delivery.headers.get(STANDARD_TIMESTAMP, '')}."
            key = _standard_key(text)
            digest = hmac.new(key, _bytes(stamp) + delivery.body, hashlib.sha256).digest()
            return ["v1," + base64.b64encode(digest).decode()]
        signed = self._signed(delivery)
        if self.stated.encoding == "base64":
            return [self.stated.prefix + hmac_sha256_base64(secret, signed)]
        digits = hmac_sha256_hex(secret, signed)
        return [self.stated.prefix + digits, self.stated.prefix + digits.upper()]

    def _signed(self, delivery: Delivery) -> bytes:
        """The bytes that the vendor signed."""
        words = {
            "timestamp": delivery.headers.get(self._timestamp or "", ""),
            "method": delivery.method,
            "url": self.url or "",
        }
        parts = _GAP.split(self.stated.over)
        texts, names = parts[::2], parts[1::2]
        signed = texts[0].encode()
        for name, text in zip(names, texts[1:], strict=True):
            signed += delivery.body if name == "body" else _bytes(words[name])
            signed += text.encode()
        return signed

    def _not(self, words: str) -> NotProven:
        return NotProven(words, status=self.stated.status)


def _bytes(text: str) -> bytes:
    # Whatever a header holds: what cannot be encoded fits nothing.
    return text.encode("utf-8", "replace")


def _standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_STANDARD_SECRET), validate=True)
    except (binascii.Error, ValueError):
        # Without their form it is taken as it stands; it fits nothing then, or what was signed by it.
        return secret.encode()


def check_signature(stated: StatedSignature, where: str, problems: list[str]) -> None:
    """Puts what is wrong among the problems."""
    if stated.scheme != "standard_webhooks" and not stated.header:
        problems.append(f"{where}, header: is needed: the header that carries the {stated.scheme}.")
    if stated.scheme != "hmac":
        return
    names = _GAP.findall(stated.over)
    problems += [
        f"{where}, over: {{{name}}} is nothing that is signed.{did_you_mean(name, _PARTS)}"
        for name in names
        if name not in _PARTS
    ]
    if "body" not in names:
        problems.append(f'{where}, over: {stated.over!r} leaves the body out. Write over = "{{body}}" at least.')
    if "timestamp" in names and not stated.timestamp:
        problems.append(f"{where}, timestamp: is needed: the header that carries the moment that is signed.")


def proof_of(stated: StatedSignature, secrets: Sequence[SecretStr], url: str | None) -> Proof:
    """The proof of one channel account."""
    style = "unix" if stated.scheme == "standard_webhooks" else stated.timestamp_style
    return Proof(stated=stated, secrets=secrets, url=url, moment=moments([style], None))

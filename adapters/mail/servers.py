"""Which mail server does an address name, and is what is said to it safe from who listens on the way?

`smtps://` and `imaps://` are encrypted from the first byte; `smtp://` and `imap://` begin in the clear and are
encrypted by STARTTLS before anything is said, or not at all where the server is this very machine, or where the
settings allow it.
"""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

# RFC 8314, 7.3 and RFC 6409.
_SMTP: Final[Mapping[str, int]] = {"smtps": 465, "smtp": 587}
_IMAP: Final[Mapping[str, int]] = {"imaps": 993, "imap": 143}


class MailServer(NamedTuple):
    """A server that speaks SMTP or IMAP."""

    host: str
    port: int
    is_encrypted: bool
    """Whether it is from the first byte."""

    @property
    def is_here(self) -> bool:
        """Whether it is this very machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower().rstrip(".") == "localhost"


def server_at(address: str) -> MailServer:
    """The server of an address that was found sound."""
    parts = urlsplit(address)
    ports = {**_SMTP, **_IMAP}
    return MailServer(parts.hostname or "", parts.port or ports[parts.scheme], parts.scheme in {"smtps", "imaps"})


def _fault(address: str, ports: Mapping[str, int]) -> str | None:
    parts = _parts(address)
    if parts is None or not parts.hostname or any(one.isspace() for one in address):
        return "it names no host"
    if parts.scheme not in ports:
        return f"it begins with none of {', '.join(f'{one}://' for one in ports)}"
    if "@" in parts.netloc:
        return "a user and a password must not stand in an address"
    return "nothing may stand behind the host and its port" if parts.path or parts.query or parts.fragment else None


def _parts(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        is_nowhere = parts.port == 0
    except ValueError:
        return None
    return None if is_nowhere else parts


def _smtp(address: str) -> str:
    if fault := _fault(address, _SMTP):
        raise ValueError(f"{fault}. Write it as 'smtps://smtp.example.com' or 'smtp://smtp.example.com:587'")
    return address


def _imap(address: str) -> str:
    if fault := _fault(address, _IMAP):
        raise ValueError(f"{fault}. Write it as 'imaps://imap.example.com' or 'imap://imap.example.com:143'")
    return address


SmtpAddress = Annotated[str, AfterValidator(_smtp)]
"""The address of a server that takes mail: `smtps://` or `smtp://`, a host, a port where it is not the usual one."""

ImapAddress = Annotated[str, AfterValidator(_imap)]
"""The address of a server that keeps mail: `imaps://` or `imap://`, likewise."""

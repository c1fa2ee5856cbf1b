"""Which conversation is a mail of, and is it one of ours?

A thread is known by the mail with which it began: the one that an id of ours names, else the first in References, else
the one that is answered, else the mail itself; so a reply has its place before what it answers comes. It is one
person's: whoever else writes in it, as somebody to whom it was forwarded, has a conversation of their own by it, and
reads nothing of another's. A subject says nothing of whose a mail is.

Our own ids hold the key of the sending and the thread's beginning, for programs that name only what they answer. Where
the settings name a secret for it, they are signed: anybody can write what only looks like an id of ours.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from pydantic import SecretStr

from adapters.channels.email.letter import Headers
from adapters.channels.email.words import header_text
from adapters.quiet import quiet
from adapters.reaching import folded_email, on_the_wire
from adapters.signatures import hmac_sha256_hex, is_signed_by_any

_ID: Final = re.compile(r"<([^<>]{1,1200})>")
_BARE: Final = re.compile(r"[^\s<>@,;]{1,500}@[^\s<>@,;]{1,500}")
_BLANK: Final = re.compile(r"\s+")
_OWN: Final = re.compile(
    r"gw\.(~?[A-Za-z0-9_-]{1,400})(?:\.([A-Za-z0-9_-]{1,800}))?(?:\+[0-9a-f]{16})?@([A-Za-z0-9.-]{1,255})"
)
_SAFE: Final = re.compile(r"[A-Za-z0-9_-]{1,120}")
_LONGEST_ROOT: Final = 500
_DIGEST: Final = "sha256:"
# No mail's id holds a blank.
_COPY: Final = " to "


@quiet
class Own(NamedTuple):
    """What an id of ours says."""

    id: str
    key: str
    """Under which we sent it (`Outgoing.key`)."""
    root: str | None
    """The id of the mail with which the thread began; None where it began with this one."""


def ids_in(headers: Headers, name: str) -> list[str]:
    """The ids of mails in a header, in their order, without brackets; also of those who encode or break them."""
    said = headers.raw(name)
    text = header_text(said) if "=?" in said else said
    found = [_BLANK.sub("", one) for one in _ID.findall(text)] or _BARE.findall(text)
    return [one for one in found if one]


def id_of(headers: Headers) -> str | None:
    """The mail's own id; None where it has none."""
    return next(iter(ids_in(headers, "message-id")), None)


def root_of(headers: Headers, own: str, domains: Collection[str]) -> str:
    """The id of the mail with which the thread began; `own` is the mail's own."""
    # Programs leave out of References what stood first there once it is long.
    for name in ("in-reply-to", "references"):
        for one in reversed(ids_in(headers, name)):
            if (ours := own_in(one, domains)) is not None and ours.root is not None:
                return ours.root
    for name in ("references", "in-reply-to"):
        for first in ids_in(headers, name)[:1]:
            return root_behind(first, domains)
    return root_behind(own, domains)


def root_behind(one: str, domains: Collection[str]) -> str:
    """With which mail the thread began in which that one stands first."""
    ours = own_in(one, domains)
    return ours.root if ours is not None and ours.root is not None else one


def answers(headers: Headers, domains: Collection[str]) -> Own | None:
    """The mail of ours that it answers or stands behind; None where there is none."""
    for name in ("in-reply-to", "references"):
        for one in reversed(ids_in(headers, name)):
            if (ours := own_in(one, domains)) is not None:
                return ours
    return None


def answers_surely(headers: Headers, domains: Collection[str], secrets: Sequence[SecretStr]) -> bool:
    """Whether it answers a mail that one of the secrets signed; without any, one whose id has the form of ours."""
    named = [one for name in ("in-reply-to", "references") for one in ids_in(headers, name)]
    ours = [found for one in named if (found := own_in(one, domains)) is not None]
    return any(_is_signed(one.id, secrets) for one in ours) if secrets else bool(ours)


def _is_signed(one: str, secrets: Sequence[SecretStr]) -> bool:
    local, _, domain = one.rpartition("@")
    plain, _, signature = local.partition("+")
    return is_signed_by_any(secrets, f"{plain}@{domain.lower()}".encode(), signature, sign=_signature)


def _signature(secret: SecretStr, signed: bytes) -> str:
    # Half of what nobody guesses (64 bits) is enough where each guess is a mail.
    return hmac_sha256_hex(secret, signed)[:16]


def own_in(text: str, domains: Collection[str]) -> Own | None:
    """The first id of ours that stands in a text."""
    for found in _OWN.finditer(text):
        if found[3].lower().rstrip(".") not in domains:
            continue
        key, root = _unwritten(found[1]), _unpacked(found[2]) if found[2] else None
        if key is not None and (root is not None or not found[2]):
            return Own(found[0], key, root)
    return None


def own_id(key: str, root: str | None, domain: str, secret: SecretStr | None = None) -> str:
    """The id of a mail of ours: the same for the same key and thread, so that a copy or a report tells it.

    `secret`: by which it is signed.
    """
    written = key if _SAFE.fullmatch(key) else "~" + _packed(key)
    local = f"gw.{written}{f'.{_packed(root)}' if root and len(root) <= _LONGEST_ROOT else ''}"
    signed = f"+{_signature(secret, f'{local}@{domain}'.encode())}" if secret is not None else ""
    return f"{local}{signed}@{domain}"


def talk_id(root: str, address: str) -> str:
    """The conversation that somebody of that address has in a thread."""
    begun = root if len(root) <= _LONGEST_ROOT else _DIGEST + hashlib.sha256(root.encode()).hexdigest()
    return f"{begun}/{tag_of(address)}"


def copy_id(one: str, address: str) -> str:
    """What a mail of ours to several is called with one of the others: every message is in one conversation alone."""
    return f"{one}{_COPY}{tag_of(address)}"


def mail_behind(one: str) -> str:
    """The id of the mail that a copy is of, or that it is itself."""
    return one.partition(_COPY)[0]


def root_of_talk(talk: str) -> str | None:
    """With which mail a conversation began; None where its id is too long to be kept."""
    root = talk.rpartition("/")[0]
    return root if root and not root.startswith(_DIGEST) else None


def tag_of(address: str) -> str:
    """What tells one address from another, and not what it is."""
    folded = folded_email(address)
    with suppress(ValueError):
        # A domain beyond ASCII comes in either of its two writings.
        folded = on_the_wire(folded)
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:16]


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode().rstrip("=")


def _unwritten(written: str) -> str | None:
    return _unpacked(written[1:]) if written.startswith("~") else written


def _unpacked(packed: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8") or None
    except ValueError:
        return None

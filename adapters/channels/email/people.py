"""Who wrote a mail, to whom, was it a person at all, and does anybody vouch for it?

A From is written by whoever sends, so that it proves nothing. Only a mail server of ours that checked it does, whose
name the settings say (RFC 8601): its `dmarc=pass` means that the domain in From stands behind the mail, and its
`dmarc=fail` that somebody else may have written it.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from adapters.channels.email.letter import Headers
from adapters.channels.email.words import header_text, raw_text
from adapters.quiet import quiet
from adapters.reaching import folded_email

_MOST: Final = 100
_MOST_LINES: Final = 10
_COMMENT: Final = r"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,200}\)){0,500}\)"
_PIECE: Final = re.compile(rf'"(?:[^"\\]|\\.){{0,500}}"|{_COMMENT}|<[^<>]{{0,1000}}>|[,;:]|[^",;:<(]+|.', re.DOTALL)
_NAMED: Final = re.compile(rf'"(?:[^"\\]|\\.){{0,500}}"|{_COMMENT}')
_AROUND_AT: Final = re.compile(r"[ \t]*@[ \t]*")
# RFC 5321, 4.5.3.1; whether a domain can be one, the house says.
_ADDRESS: Final = re.compile(r'(?:[^\s@<>,;:"()\[\]\\]{1,64}|"[^"\\\s]{1,62}")@[^\s@<>,;:"()\[\]\\]{1,255}')
# RFC 5321, 4.1.2: what is quoted without need is the same. Such are written so whose dots stand where none may be.
_QUOTED: Final = re.compile(r"""\A"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)"(?=@)""")
# RFC 8601, 2.2: a method may name its version.
_METHOD: Final = re.compile(r"dmarc(?:/\d{1,3})?(?:=|\Z)")
_FAILED: Final = re.compile(r"dmarc(?:/\d{1,3})?=fail")
_AUTOMATIC_SENDERS: Final = frozenset({"mailer-daemon", "mailerdaemon", "mail-daemon"})
_BULK: Final = frozenset({"bulk", "junk", "list"})
# RFC 2919 and RFC 2369, and what older programs for lists write.
_OF_LISTS: Final = ("list-id", "list-unsubscribe", "x-mailman-version", "x-beenthere")
_ANSWERING: Final = frozenset({"auto_reply", "auto-reply"})
_ANSWERED: Final = ("x-autoreply", "x-autorespond", "x-mail-autoreply", "x-vacation")
# What X-Auto-Response-Suppress asks is asked by people's mail servers, too, so that the subject has to say the rest.
_AWAY: Final = re.compile(
    r"(?:auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|automatische antwort|abwesenheit|"
    r"réponse automatique|absence du bureau|respuesta automática|fuera de la oficina|risposta automatica|"
    r"resposta automática|automatisch antwoord|autosvar|自動応答|自动答复)[\w -]{0,20}(?:[:\uff1a]|$)",
    re.IGNORECASE,
)


@quiet
class Mailbox(NamedTuple):
    """A name and an address, of which only the address is always there."""

    name: str | None
    address: str


def mailboxes(headers: Headers, name: str) -> list[Mailbox]:
    """Those that stand in the headers of that name, each once, in whichever form, groups and odd ones taken apart."""
    found: dict[str, Mailbox] = {}
    for raw in headers.all(name)[:_MOST_LINES]:
        boxes = list(_boxes(raw_text(raw)))
        if not boxes and "=?" in raw:
            # The whole of it was encoded, with the address.
            boxes = list(_boxes(header_text(raw)))
        for one in boxes[:_MOST]:
            found.setdefault(one.address, one)
    return list(found.values())[:_MOST]


def _boxes(text: str) -> Iterator[Mailbox]:
    words: list[str] = []
    comments: list[str] = []
    inside: str | None = None
    for piece in (*(found[0] for found in _PIECE.finditer(text)), ","):
        if piece in {",", ";", ":"}:
            # Before a colon stands the name of a group, and of nobody.
            if piece != ":" and (box := _box(words, comments, inside)) is not None:
                yield box
            words, comments, inside = [], [], None
        elif piece.startswith("<") and piece.endswith(">"):
            inside = inside or piece[1:-1]
        elif piece.startswith("(") and piece.endswith(")") and len(piece) > 1:
            comments.append(piece[1:-1])
        else:
            words.append(piece)


def _box(words: Sequence[str], comments: Sequence[str], inside: str | None) -> Mailbox | None:
    said = "".join(words).strip()
    # A route before the address is of no use any more (RFC 5322, 4.4).
    address = (said if inside is None else inside.rpartition(":")[2]).strip().removeprefix("mailto:").rstrip(".")
    name = said if inside is not None else " ".join(comments)
    if not _ADDRESS.fullmatch(address):
        # As it was written once (`ann @ example.com`), and as programs write it that forget a bracket.
        before, bracket, behind = _AROUND_AT.sub("@", address).rpartition("<")
        address, name = behind.strip(), before if bracket else name
        if not _ADDRESS.fullmatch(address):
            return None
    address = _QUOTED.sub(r"\1", address)
    plain = re.sub(r"\\(.)", r"\1", name.strip().strip('"'))
    shown = header_text(plain).strip("\"' ")
    return Mailbox(shown[:200] if shown and shown.lower() != address.lower() else None, folded_email(address))


def is_address(text: str) -> bool:
    """Whether a mail can be sent there, as far as its form tells."""
    return _ADDRESS.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """The domain of an address."""
    return address.rpartition("@")[2]


class Finding(StrEnum):
    """What our own mail server found of whether the domain in From stands behind a mail."""

    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"
    """It says nothing of it, or nobody can tell what it says."""


def finding(headers: Headers, address: str, servers: Sequence[str], own_lists: Sequence[str]) -> Finding:
    """What the first of our own servers that says anything of it found of the one address in From.

    A list changes what goes through it, so that the senders' domains stand behind it no more: what came by one of the
    company's own has failed nothing, where the server found that the list's own domain sent it.
    """
    if not servers:
        return Finding.NONE
    trusted = {one.lower() for one in servers}
    may_pass = len(headers.all("from")) == 1 and _names_alone(headers.raw("from"), address)
    for raw in headers.all("authentication-results"):
        parts = _parts(raw_text(raw))
        is_ours = parts is not None and bool(parts[0].split()) and parts[0].lower().split()[0] in trusted
        results = [one.lower().split() for one in parts[1:]] if parts and is_ours else []
        said = [one for one in results if one and _METHOD.match(one[0])]
        if any(_FAILED.fullmatch(one[0]) for one in said):
            return Finding.NONE if _is_carried(headers, results, own_lists) else Finding.FAILED
        if said:
            return Finding.PASSED if may_pass and _is_pass(said, domain_of(address)) else Finding.NONE
        # Each server writes its own above those that it found, and takes away those that claim to be its own: what
        # stands below may be whoever's, and proves nothing. Whose one is that never ends cannot be told.
        may_pass = may_pass and parts is not None and not is_ours
    return Finding.NONE


def _names_alone(written: str, address: str) -> bool:
    """Whether a From names this one address, as it stands: a domain vouches for whichever of several its server took.

    What stands in quotes or comments is a name. An address that comes of an encoded word is none (RFC 2047, 5).
    """
    bare = _NAMED.sub(" ", written)
    named = {folded_email(one) for one in _ADDRESS.findall(_AROUND_AT.sub("@", bare))}
    return named == {address} and bare.count("<") <= 1


def _is_pass(said: Sequence[Sequence[str]], domain: str) -> bool:
    return len(said) == 1 and said[0][0] == "dmarc=pass" and _said(said[0], "header.from") == [domain]


def _is_carried(headers: Headers, results: Sequence[Sequence[str]], own_lists: Sequence[str]) -> bool:
    """Whether one of the company's lists sent it on, by the signature or the sending server of the list's domain."""
    named = next((one.lower() for one in own_lists if _is_list(headers, one)), None)
    # Gmail names whoever signed in the place of their domain.
    names = ("header.d", "header.i")
    signed = [one for words in results if words[:1] == ["dkim=pass"] for name in names for one in _said(words, name)]
    sent = [one for words in results if words[:1] == ["spf=pass"] for one in _said(words, "smtp.mailfrom")]
    # Under one label as `com` nobody sends.
    return named is not None and any("." in one and f".{named}".endswith(f".{one}") for one in (*signed, *sent))


def _said(words: Sequence[str], name: str) -> list[str]:
    """The domains that a finding names so."""
    return [domain_of(one.partition("=")[2]) for one in words if one.startswith(f"{name}=")]


def _parts(text: str) -> list[str] | None:
    """What stands between semicolons (RFC 8601, 2.2), without comments; None where something never ends."""
    parts, depth, is_quoted = [""], 0, False
    for piece in re.findall(r"\\.|.", text, re.DOTALL):
        if is_quoted:
            is_quoted = piece != '"'
            # What is quoted stays one word, and parts nothing.
            parts[-1] += "" if not is_quoted else "\0" if piece in " \t\r\n;=" else piece
        elif piece in {"(", ")"}:
            depth += 1 if piece == "(" else -1
            if depth < 0:
                return None
            parts[-1] += " "
        elif depth == 0 and piece.startswith("\\"):
            # Only what is quoted, or a comment, escapes anything.
            return None
        elif depth == 0 and piece == '"':
            is_quoted = True
        elif depth == 0 and piece == ";":
            parts.append("")
        elif depth == 0:
            parts[-1] += piece
    return None if depth or is_quoted else [re.sub(r"\s*=\s*", "=", one) for one in parts]


# Programs


def is_of_postmaster(sender: str | None) -> bool:
    """Whether it comes from the address at which people look after mail (RFC 2142), and their servers write, too."""
    return sender is not None and sender.partition("@")[0].lower() == "postmaster"


def is_of_mailer(headers: Headers, sender: str | None) -> bool:
    """Whether a mail server says that something could not be delivered."""
    if sender is None:
        # `MAILER-DAEMON <>`: nobody is to answer it.
        said = headers.text("from").lower().replace(" ", "-")
        is_mailer = any(one in said for one in _AUTOMATIC_SENDERS)
    else:
        is_mailer = sender.partition("@")[0] in _AUTOMATIC_SENDERS
    return is_mailer or bool(headers.all("x-failed-recipients"))


def is_automatic(headers: Headers) -> bool:
    """Whether a program wrote it, for somebody who is away or for nobody (RFC 3834)."""
    said = headers.raw("auto-submitted").partition(";")[0].strip().lower()
    if said and said != "no":
        return True
    if _precedence(headers) in _ANSWERING or any(_says_yes(headers, one) for one in _ANSWERED):
        return True
    if headers.raw("x-autogenerated").strip().lower() == "reply":
        return True
    if headers.all("x-auto-response-suppress") and _AWAY.match(headers.text("subject")):
        return True
    return any("".join((_parts(one) or [""])[0].split()) == "<>" for one in headers.all("return-path")[:1])


def _says_yes(headers: Headers, name: str) -> bool:
    return any(one.strip().lower() not in {"no", "false"} for one in headers.all(name))


def is_of_own_list(headers: Headers, sender: str, own: Sequence[str]) -> bool:
    """Whether one of the company's groups put its own address in the place of whoever wrote to it.

    Groups do so for senders whose domain lets nobody else send (DMARC's `p=reject`): all of them would be one person.
    """
    is_its_own = sender.replace("@", ".") in {one.lower() for one in own}
    return any(_is_list(headers, one) for one in own) and (is_its_own or bool(headers.all("x-original-from")))


def is_of_list(headers: Headers, own: Sequence[str]) -> bool:
    """Whether it went to many; `own`: List-Ids of the company's groups, to which customers write."""
    if any(_is_list(headers, one) for one in own):
        return False
    return any(headers.all(one) for one in _OF_LISTS) or _precedence(headers) in _BULK


def _is_list(headers: Headers, one: str) -> bool:
    named = headers.raw("list-id").lower()
    return f"<{one.lower()}>" in named or named.strip() == one.lower()


def _precedence(headers: Headers) -> str:
    return headers.raw("precedence").strip().lower()

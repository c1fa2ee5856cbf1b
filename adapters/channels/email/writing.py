"""How is a mail of ours written, so that it stands in its thread and nobody else writes into its headers?"""

import re
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Final

from adapters.channels.email.people import domain_of
from adapters.channels.email.settings import EmailSettings
from adapters.channels.email.threads import own_id, root_of_talk, talk_id
from adapters.contract.sending import Outgoing
from adapters.mail.posting import Letterhead
from adapters.quiet import quiet
from adapters.reaching import on_the_wire

# Lines of a header are no longer than 998 (RFC 5322, 2.1.1); ids stand in one.
_POLICY: Final = compat32.clone(linesep="\r\n", max_line_length=990)
_LONGEST_SUBJECT: Final = 200
_LONGEST_ID: Final = 450
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_SAFE_ID: Final = re.compile(r"[!-;=?-~]+")


@quiet
class Written:
    """A mail of ours, ready to be handed over."""

    def __init__(self, outgoing: Outgoing, settings: EmailSettings) -> None:
        root = root_of_talk(outgoing.conversation) if outgoing.conversation else None
        self.id = own_id(outgoing.key, root, domain_of(settings.address).lower(), next(iter(settings.id_secrets), None))
        """Of the key and the thread alone: the same mail has the same, however often it is written."""
        self.talk = talk_id(root if root is not None else self.id, outgoing.who.value)
        """The conversation in which it stands."""
        self.letter = Letterhead(
            sender=settings.address,
            recipient=on_the_wire(outgoing.who.value),
            body=_body(outgoing, settings, self.id, root),
        )


def _body(outgoing: Outgoing, settings: EmailSettings, own: str, root: str | None) -> bytes:
    text = outgoing.text or ""
    letter = Message(policy=_POLICY)
    letter["From"] = formataddr((settings.display_name or "", settings.address))
    # An address is never an encoded word (RFC 2047, 5): it stands as it is, which servers take or not (RFC 6532).
    letter["To"] = on_the_wire(outgoing.who.value).encode().decode("ascii", "surrogateescape")
    letter["Subject"] = _subject(outgoing, text, is_answer=outgoing.conversation is not None)
    letter["Date"] = format_datetime(outgoing.now)
    letter["Message-ID"] = f"<{own}>"
    answered = _fit(outgoing.answers) or _fit(root)
    if answered is not None:
        letter["In-Reply-To"] = f"<{answered}>"
        letter["References"] = " ".join(f"<{one}>" for one in dict.fromkeys((_fit(root) or answered, answered)))
    letter["MIME-Version"] = "1.0"
    letter.set_payload(_lines(text), _plain_charset())
    return letter.as_bytes(policy=_POLICY)


def _plain_charset() -> Charset:
    charset = Charset("utf-8")
    # Readable to whoever looks at it raw, and with lines that no server breaks.
    charset.body_encoding = QP
    return charset


def _lines(text: str) -> str:
    return "\n".join(text.splitlines()) + "\n"


def _subject(outgoing: Outgoing, text: str, *, is_answer: bool) -> str:
    """`Re:` and what the conversation is about; of one that begins, its first words, for nobody gave it a subject."""
    said = _BREAKS.sub(" ", outgoing.subject or "").strip()
    if not said:
        said = _BREAKS.sub(" ", next(iter(text.strip().splitlines()), "")).strip()
        is_answer = False
    short = said if len(said) <= _LONGEST_SUBJECT else f"{said[: _LONGEST_SUBJECT - 1]}…"
    whole = f"Re: {short}" if is_answer else short
    return whole if whole.isascii() else Header(whole, "utf-8", maxlinelen=75).encode(linesep="\r\n")


def _fit(one: str | None) -> str | None:
    """The id of a mail, where it can stand in a header as it is; it came from outside."""
    if one is None or len(one) > _LONGEST_ID or not _SAFE_ID.fullmatch(one) or one.startswith("sha256:"):
        return None
    return one

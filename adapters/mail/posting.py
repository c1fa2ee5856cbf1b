"""How is one mail handed to a server by SMTP, once, and what does its answer mean?"""

import re
import smtplib
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from adapters.contract.errors import ChannelBusy, ChannelDown, ChannelError, ChannelRefused, OutcomeUnknown
from adapters.contract.way import Step
from adapters.mail.lines import Line, named, talk
from adapters.quiet import quiet

BUSY_FOR_S: Final = 60.0
"""In how many seconds a server that takes nothing now is asked again: SMTP has no word for it (RFC 5321, 4.5.4.1)."""

_OK, _GO_ON, _PASSING, _FINAL = 250, 354, 4, 5
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_ENHANCED: Final = re.compile(rb"\A\s*([245]\.\d{1,3}\.\d{1,3})\b")


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """From whom a mail goes to whom, and the mail."""

    sender: str
    recipient: str
    body: bytes = field(repr=False)
    """With its headers, in lines that end with CR and LF."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who we are to a server."""

    user: str
    secret: SecretStr
    is_token: bool = False
    """Whether it is a token (XOAUTH2), and no password."""

    refusals: ClassVar[frozenset[str]] = frozenset({"535", "534", "auth", "AUTHENTICATIONFAILED"})
    """The codes of servers that do not know us by it."""

    def by_token(self) -> str:
        """How a token is handed over (Google and Microsoft describe it alike)."""
        return f"user={self.user}\x01auth=Bearer {self.secret.get_secret_value()}\x01\x01"


async def post(line: Line, sign_in: SignIn | None, letter: Letterhead, step: Step) -> None:
    """Returns when the server has taken the mail; raises ChannelError, and OutcomeUnknown where nobody knows."""
    await talk(line, lambda held: _posted(held, sign_in, letter, step))


class _Smtp(smtplib.SMTP):
    """A connection that whoever waits can cut."""

    def __init__(self, line: Line, own_name: str) -> None:
        self._line = line
        # Else the library asks for this machine's name, which may take longer than the mail.
        super().__init__(line.server.host, line.server.port, own_name, timeout=line.step_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host, port, timeout
        return self._line.open()


def _posted(line: Line, sign_in: SignIn | None, letter: Letterhead, step: Step) -> None:
    failure: ChannelError
    try:
        smtp = _Smtp(line, letter.sender.rpartition("@")[2])
    except (OSError, smtplib.SMTPException) as error:
        failure = _failed(error, step)
    else:
        try:
            _signed_in(smtp, line, sign_in, step)
            _handed_over(smtp, letter, step)
        except ChannelError as error:
            failure = error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            failure = _failed(error, step)
        else:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            return
        finally:
            smtp.close()
    # The library's own error quotes what the server said, which may name the person.
    raise failure


def _signed_in(smtp: _Smtp, line: Line, sign_in: SignIn | None, step: Step) -> None:
    smtp.ehlo_or_helo_if_needed()
    if line.must_be_encrypted(is_offered=smtp.has_extn("starttls")):
        smtp.starttls(context=line.tls())
        connection: Any = smtp.sock
        line.hold(connection)
        smtp.ehlo_or_helo_if_needed()
    if sign_in is None:
        return
    if not smtp.has_extn("auth"):
        raise ChannelRefused(
            "It takes no user and password. Leave them out, or use the port for submission.",
            code="no_auth",
            is_of_account=True,
        )
    try:
        if sign_in.is_token:
            # What comes in between says why not, and is answered with nothing.
            smtp.auth("XOAUTH2", lambda challenge=None: sign_in.by_token() if challenge is None else "")
        else:
            smtp.login(sign_in.user, sign_in.secret.get_secret_value())
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        code = getattr(error, "smtp_code", None)
        step.status = code
        if code is not None and code // 100 == _PASSING:
            raise ChannelBusy(f"It signs nobody in for now ({code}).", retry_after_s=BUSY_FOR_S) from None
        raise ChannelRefused(
            f"It does not take our user and password{f' ({code})' if code else ''}. Correct them in the settings.",
            code=str(code or "auth"),
            is_of_account=True,
        ) from None


def _handed_over(smtp: _Smtp, letter: Letterhead, step: Step) -> None:
    is_ascii = letter.recipient.isascii() and letter.sender.isascii()
    if not is_ascii and not smtp.has_extn("smtputf8"):
        raise ChannelRefused("It takes no addresses with letters beyond ASCII (SMTPUTF8).", code="no_smtputf8")
    smtp.command_encoding = "ascii" if is_ascii else "utf-8"
    options = [f"size={len(letter.body)}"] if smtp.has_extn("size") else []
    if smtp.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    options += [] if is_ascii else ["SMTPUTF8"]
    _require(smtp.mail(letter.sender, options), step, is_of_person=False)
    _require(smtp.rcpt(letter.recipient), step, is_of_person=True)
    smtp.putcmd("data")
    _require(smtp.getreply(), step, is_of_person=True, wanted=_GO_ON)
    # From the last dot on it may be taken, whatever becomes of the answer.
    step.may_have_arrived = True
    smtp.send(_DOT.sub(b"..", letter.body.removesuffix(b"\r\n")) + b"\r\n.\r\n")
    code, words = smtp.getreply()
    step.status = code
    if code // 100 not in {2, _PASSING, _FINAL}:
        raise OutcomeUnknown("It answered a mail that was handed over with something that is no answer.")
    step.may_have_arrived = code // 100 == 2  # noqa: PLR2004  RFC 5321, 4.2.1
    _require((code, words), step, is_of_person=True)


def _require(reply: tuple[int, bytes], step: Step, *, is_of_person: bool, wanted: int = _OK) -> None:
    """Raises what the reply means where it is no yes; none of its words, which mostly name the person."""
    code, said = reply
    step.status = code
    if code == wanted or (wanted == _OK and code // 100 == 2):  # noqa: PLR2004  RFC 5321, 4.2.1
        return
    enhanced = _ENHANCED.match(said)
    told = f"{code}{f' {enhanced[1].decode()}' if enhanced else ''}"
    if code // 100 == _PASSING:
        words = f"It does not take the mail for now ({told})."
        raise ChannelBusy(words, retry_after_s=BUSY_FOR_S, is_of_person=is_of_person)
    if code // 100 == _FINAL:
        # Whoever may not send at all, or not without signing in (RFC 4954, 6), is the account's own trouble.
        is_of_account = not is_of_person or code in {530, 535, 538}
        raise ChannelRefused(f"It refused the mail ({told}).", code=told, is_of_account=is_of_account)
    raise ChannelDown("It answered with something that is no answer of SMTP.")


def _failed(error: Exception, step: Step) -> ChannelError:
    """What the error means; whether something may have arrived, `step` says."""
    if isinstance(error, smtplib.SMTPResponseException) and not step.may_have_arrived:
        step.status = error.smtp_code
        if error.smtp_code // 100 == _PASSING:
            return ChannelBusy(f"It takes nobody for now ({error.smtp_code}).", retry_after_s=BUSY_FOR_S)
        if error.smtp_code // 100 == _FINAL:
            return ChannelRefused(
                f"It does not talk to us ({error.smtp_code}).", code=str(error.smtp_code), is_of_account=True
            )
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return ChannelRefused("The mail cannot be handed over as it is.", code="unfit")
    return named(error)

"""What does a mailbox need to be read, to be answered from, and to be believed?"""

from functools import cached_property
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.channels.email.people import domain_of
from adapters.contract.addresses import WebAddress
from adapters.contract.channel import ChannelSettings
from adapters.mail.servers import ImapAddress, SmtpAddress

# RFC 5322, 3.2.3: what stands in a header as it is.
_ADDRESS = r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}\z"
# Of letters and digits, more than 128 bits.
_SHORTEST_SECRET = 32
_LINE = r"\A[^\x00-\x1f\x7f]*\z"


class EmailSettings(ChannelSettings):
    """A mailbox of the company's, as `support@example.com`; the channel account is any name for it.

    Mails come in by IMAP, or by a webhook to which a mail server or service hands each one raw.
    """

    address: str = Field(
        pattern=_ADDRESS, examples=["support@example.com"], description="The mailbox's address, from which is written."
    )
    display_name: str | None = Field(
        None,
        pattern=_LINE,
        max_length=100,
        examples=["Example Support"],
        description="The name beside it that customers read.",
    )
    other_addresses: tuple[str, ...] = Field(
        (), description="Other addresses of the same mailbox: what comes from them is nobody's but the company's."
    )
    other_domains: tuple[str, ...] = Field(
        (), description="Domains that ids of our own mails have had before, as of an address that was changed."
    )
    own_lists: tuple[str, ...] = Field(
        (),
        description="List-Ids of the company's own groups, as `support.example.com`, to which customers write. Other "
        "mails to lists are left alone.",
    )
    form_senders: tuple[str, ...] = Field(
        (),
        description="The addresses from which forms on web pages write for visitors, as `mailer@shopify.com`: their "
        "mails are of whom Reply-To names, who is taken for asserted. What the mailbox's own address writes for "
        "somebody of another domain is one, too; name it here if visitors may have its own domain.",
    )
    trusted_servers: tuple[str, ...] = Field(
        (),
        description="The names (authserv-id) under which mail servers of the company write Authentication-Results, as "
        "`mx.example.com`: by their `dmarc=pass` alone a sender's address is taken for proven, where it names the "
        "address's domain (a server that writes no `header.from` proves nobody). What they found `dmarc=fail` is set "
        "aside, for somebody else may have written it; but not mails of forms, which prove nothing anyway, nor what "
        "came by one of `own_lists`, where they found that its domain sent it (`dkim=pass` or `spf=pass`). Left out: "
        "nobody is proven, and nothing is set aside for that.",
    )
    smtp_url: SmtpAddress | None = Field(
        None, description="The server that sends: smtps://host, or smtp://host:587. Left out: nothing is sent."
    )
    imap_url: ImapAddress | None = Field(
        None, description="The server that keeps the mailbox: imaps://host. Left out: mails come by webhook alone."
    )
    user: str | None = Field(None, pattern=_LINE, description="Who signs in at both. Left out: the address.")
    password: SecretStr | None = Field(
        None, description="Its password, mostly one for programs. Left out: nobody signs in to send."
    )
    token_url: WebAddress | None = Field(
        None,
        description="Instead of a password: where the provider gives out tokens (OAuth 2.0), as "
        "https://oauth2.googleapis.com/token.",
    )
    client_id: str | None = Field(None, pattern=_LINE, description="With `token_url`: the client's id there.")
    client_secret: SecretStr | None = Field(None, description="With `token_url`: the client's secret.")
    refresh_token: SecretStr | None = Field(
        None,
        description="With `token_url`: what was given when the mailbox's owner agreed. Left out: the client signs in "
        "by itself (client credentials).",
    )
    scope: str | None = Field(None, pattern=_LINE, description="With `token_url`: what the token is for, if asked.")
    may_be_plain: bool = Field(
        False,
        description="Whether letters and password may go unencrypted to servers that offer no STARTTLS. To this very "
        "machine they may.",
    )
    mailboxes: tuple[str, ...] = Field(
        ("INBOX",), min_length=1, max_length=20, description="In which folders customers' mails come in."
    )
    sent_mailbox: str | None = Field(
        None,
        pattern=r"\A[\x20-\x7e]{1,200}\z",
        examples=["Sent"],
        description="The folder in which the server keeps what was sent, as `Sent`: what colleagues write in mail "
        "programs is read there, and what was sent from here without an answer is found again.",
    )
    past_days: int = Field(
        7, ge=0, le=30, description="From how many days back mails are taken in when the mailbox is first read."
    )
    marks_seen: bool = Field(False, description="Whether mails that were taken in are marked as read in the mailbox.")
    largest_bytes: int = Field(
        8 * 1024 * 1024,
        ge=4_096,
        le=12 * 1024 * 1024,
        description="Of a larger mail only so much is fetched: what was written stands first, files behind it.",
    )
    webhook_secrets: tuple[SecretStr, ...] = Field(
        (),
        max_length=2,
        description="With which whoever hands mails to `/webhooks/` signs them: HMAC-SHA256 over the seconds since "
        "1970, a dot and the body, in X-Email-Timestamp and X-Email-Signature. Two while it is changed.",
    )
    id_secrets: tuple[SecretStr, ...] = Field(
        (),
        max_length=2,
        description="With which the ids of mails from here are signed, each of 32 or more random characters, the "
        "newest first: then a mail to many, or of a program, is taken for an answer only where it names such an id. "
        "Two while it is changed. Left out: whoever makes up an id of that form is taken for one who answers.",
    )
    signature_tolerance_s: float = Field(
        300.0, gt=0, le=86_400, description="How old a delivery's signature may be, in seconds."
    )

    @field_validator("mailboxes", "other_addresses", "other_domains", "own_lists", "form_senders", "trusted_servers")
    @classmethod
    def _each_is_a_line(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if any(not one.strip() or not one.isprintable() or not one.isascii() for one in values):
            raise ValueError("each is one line of plain letters (a folder's name as IMAP writes it, RFC 3501, 5.1.3)")
        return values

    @field_validator("id_secrets")
    @classmethod
    def _nobody_guesses(cls, values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        # Whoever is written to has what it signed, and all the time to try.
        if any(len(one.get_secret_value()) < _SHORTEST_SECRET for one in values):
            raise ValueError(f"each has {_SHORTEST_SECRET} or more random characters")
        return values

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if self.sent_mailbox in self.mailboxes:
            # What lies there is the company's own, whoever it names as its sender.
            raise ValueError("`sent_mailbox` is none of the `mailboxes` in which customers' mails come in.")
        if self.password is not None and self.token_url is not None:
            raise ValueError("Name either a `password` or a `token_url`.")
        if self.token_url is not None and self.client_id is None:
            raise ValueError("`token_url` needs a `client_id`.")
        if self.imap_url is not None and self.password is None and self.token_url is None:
            raise ValueError("`imap_url` needs a `password`, or a `token_url`.")
        return self

    @cached_property
    def own_addresses(self) -> frozenset[str]:
        """Every address of the mailbox."""
        return frozenset(one.lower() for one in (self.address, *self.other_addresses))

    @cached_property
    def forms(self) -> frozenset[str]:
        """The addresses from which forms write for visitors."""
        return frozenset(one.lower() for one in self.form_senders)

    @cached_property
    def own_domains(self) -> frozenset[str]:
        """The domains of ids of our own mails."""
        return frozenset(one.lower() for one in (domain_of(self.address), *self.other_domains))

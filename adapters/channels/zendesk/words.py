"""What do Zendesk's own words look like: users, tickets and comments, as its REST API and its webhooks write them?

Only what is read is named here. Of `metadata` only `custom` is: `system` holds the author's address and whereabouts.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from adapters.quiet import quiet

_LARGEST_ID = 2**63
_LONGEST_ID = 64


def _as_id(value: object) -> object:
    """Ids are integers in REST and strings in webhooks; here they are opaque strings."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST_ID:
        return str(value)
    return value


def _as_author(value: object) -> object:
    """What Zendesk writes by itself has the author -1."""
    return "zendesk" if value in (-1, "-1") else _as_id(value)


def _as_maybe_id(value: object) -> object:
    """Webhooks write `0` or nothing where there is none, REST writes null."""
    return None if value in (None, "", "0", 0) and value is not False else _as_id(value)


def _as_word(value: object) -> object:
    """REST writes `open`, webhooks write `OPEN`, `Open` and `ON_HOLD`."""
    return value.casefold() if isinstance(value, str) else value


def _as_text(value: object) -> object:
    """An empty text says nothing."""
    return value or None


def _as_list(value: object) -> object:
    return () if value is None else value


Id = Annotated[str, BeforeValidator(_as_id), Field(min_length=1, max_length=_LONGEST_ID, pattern=r"\A[^\s/?#]+\z")]
AuthorId = Annotated[Id, BeforeValidator(_as_author)]
MaybeId = Annotated[Id | None, BeforeValidator(_as_maybe_id)]
MaybeText = Annotated[str | None, BeforeValidator(_as_text)]
Text = str
Word = Annotated[str, BeforeValidator(_as_word)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]


@quiet
class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Numbered(_Words):
    """Anything of which only the id is read."""

    id: Id


class Picture(_Words):
    """A user's photo."""

    content_url: MaybeText = None


class User(_Words):
    """A user: an end user, or somebody of the staff."""

    id: Id
    name: MaybeText = None
    email: MaybeText = None
    phone: MaybeText = None
    external_id: MaybeText = None
    organization_id: MaybeId = None
    role: Word = "end-user"
    active: bool = True
    verified: bool = False
    tags: Texts = ()
    locale: MaybeText = None
    time_zone: MaybeText = None
    photo: Picture | None = None
    user_fields: Annotated[Mapping[str, Any], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )
    created_at: AwareDatetime | None = None
    last_login_at: AwareDatetime | None = None


class Identity(_Words):
    """One of the addresses and numbers of a user: `email`, `phone_number`, and others that are not read."""

    user_id: MaybeId = None
    type: Word
    value: Text
    verified: bool = False
    primary: bool = False


class Organization(_Words):
    """The company to which a user belongs, at the desk."""

    id: Id
    name: Text


class Ticket(_Words):
    """A ticket; its id leads to its comments."""

    id: Annotated[Id, Field(pattern=r"\A[0-9]{1,20}\z")]
    requester_id: Id
    assignee_id: MaybeId = None
    subject: MaybeText = None
    status: Word
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Attachment(_Words):
    """A file that came with a comment: REST calls its name `file_name`, webhooks `filename`."""

    id: Id
    file_name: MaybeText = None
    filename: MaybeText = None
    content_type: MaybeText = None
    size: int | None = None
    content_url: MaybeText = None
    malware_scan_result: MaybeText = None
    deleted: bool | None = None

    @property
    def name(self) -> str:
        """Its name; its id where it has none."""
        return self.file_name or self.filename or self.id


class Metadata(_Words):
    """What came with a comment beside its text; only what we had sent along."""

    custom: Annotated[Mapping[str, Any], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )


class Comment(_Words):
    """A comment of a ticket: words to and from the customer, or a note among colleagues."""

    id: Id
    author_id: AuthorId
    body: MaybeText = None
    plain_body: MaybeText = None
    public: StrictBool
    attachments: Annotated[tuple[Any, ...], BeforeValidator(_as_list)] = ()
    metadata: Metadata | None = None
    created_at: AwareDatetime


class Author(_Words):
    """Who wrote a comment, as webhooks say it."""

    id: AuthorId
    is_staff: StrictBool | None = None
    name: MaybeText = None


class ToldComment(_Words):
    """A comment, as webhooks say it."""

    id: Id
    body: MaybeText = None
    is_public: StrictBool
    author: Author


class Envelope(_Words):
    """What every event webhook has in common."""

    type: Text
    id: Id
    time: AwareDatetime
    subject: Text = ""
    detail: Mapping[str, Any]
    event: Annotated[Mapping[str, Any], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )

"""What does an answer mean that may be a failure, as the mapping says?"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.channels.rest.fields import path_of
from adapters.channels.rest.paths import JsonPath, text_of
from adapters.channels.rest.stated import StatedErrors, StatedLimits
from adapters.contract.errors import ChannelBusy, ChannelDown, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.manners import OF_ACCOUNT, Manners, by_status, retry_after_s
from adapters.contract.reply import Reply
from adapters.values import BadValue

# Vendors' codes are one word; sentences may name somebody.
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KINDS = ("nothing", "not_found", "busy", "refused", "down")
# Longer than a day is no wait but an end.
_LONGEST_WAIT_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Tells failures from good answers."""

    statuses: Mapping[str, frozenset[int]]
    when: Mapping[str, JsonPath]
    retry_after: str
    retry_after_path: JsonPath | None
    code: JsonPath | None

    def kind(self, reply: Reply) -> str | None:
        """Which of the kinds of the mapping it is; None where the mapping says nothing about it."""
        for kind in _KINDS:
            if reply.status in self.statuses[kind]:
                return kind
        said = _json(reply) if self.when else None
        return next((kind for kind in _KINDS if kind in self.when and _is_so(self.when[kind], said)), None)

    def __call__(self, reply: Reply) -> ChannelError | None:
        """The failure; None where the answer is good, also as a good word for nothing."""
        kind = self.kind(reply)
        if kind == "nothing":
            return None
        if kind is None:
            return self._named(by_status(reply), reply)
        code = self._code(reply)
        told = f"It answered with {reply.status}" + (f", code {code}." if code else ".")
        made: Mapping[str, ChannelError] = {
            "not_found": NoSuchIdentity(told),
            "busy": ChannelBusy(told, retry_after_s=self._wait_s(reply)),
            "refused": ChannelRefused(told, code=code or str(reply.status), is_of_account=reply.status in OF_ACCOUNT),
            "down": ChannelDown(told),
        }
        return made[kind]

    def _named(self, error: ChannelError | None, reply: Reply) -> ChannelError | None:
        """The failure by its status, with the vendor's own words for code and wait."""
        if isinstance(error, ChannelBusy):
            return ChannelBusy(str(error), retry_after_s=self._wait_s(reply))
        if isinstance(error, ChannelRefused) and (code := self._code(reply)):
            told = f"It refused the request with {reply.status}, code {code}."
            return ChannelRefused(told, code=code, is_of_account=error.is_of_account)
        return error

    def _code(self, reply: Reply) -> str | None:
        text = _text(self.code, _json(reply)) if self.code else None
        return text if text and _CODE.fullmatch(text) else None

    def _wait_s(self, reply: Reply) -> float | None:
        said = reply.headers.get(self.retry_after)
        if said is not None:
            waits = retry_after_s(replace(reply, headers={"retry-after": said}))
        else:
            text = _text(self.retry_after_path, _json(reply)) if self.retry_after_path else None
            waits = float(text) if text and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else None
        return None if waits is None else min(waits, _LONGEST_WAIT_S)


def _json(reply: Reply) -> Any:
    """The answer as JSON, None where it is none: failures come as pages of HTML, too."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _is_so(path: JsonPath, said: Any) -> bool:
    try:
        found = path.find(said)
    except BadValue:
        return False
    return found not in (None, False, "", [], {})


def _text(path: JsonPath, said: Any) -> str | None:
    try:
        return text_of(path.find(said))
    except BadValue:
        return None


def judge_of(stated: StatedErrors, where: str, problems: list[str]) -> Judge:
    """The judge; what is wrong goes to the problems."""
    seen: dict[int, str] = {}
    for kind in _KINDS:
        for status in getattr(stated, kind):
            if not 200 <= status <= 599:  # noqa: PLR2004  the statuses that an answer ends with (RFC 9110, 15)
                problems.append(f"{where}, {kind}: {status} is no status. Write one from 200 to 599.")
            if status in seen:
                problems.append(f"{where}, {kind}: {status} stands under {seen[status]!r}, too. Leave it in one.")
            seen[status] = kind
    when: dict[str, JsonPath] = {}
    for kind in _KINDS:
        text = getattr(stated, f"{kind}_when")
        if text is not None and (path := path_of(text, f"{where}, {kind}_when", problems)):
            when[kind] = path
    return Judge(
        statuses={kind: frozenset(getattr(stated, kind)) for kind in _KINDS},
        when=when,
        retry_after=stated.retry_after.lower(),
        retry_after_path=_maybe(stated.retry_after_path, f"{where}, retry_after_path", problems),
        code=_maybe(stated.code, f"{where}, code", problems),
    )


def _maybe(text: str | None, where: str, problems: list[str]) -> JsonPath | None:
    return None if text is None else path_of(text, where, problems)


def manners_of(limits: StatedLimits, judge: Judge) -> Manners:
    """How the vendor is called."""
    return Manners(
        at_once=limits.at_once, try_s=limits.try_s, tries=limits.tries, largest_body=limits.largest_body, judge=judge
    )


def known_kinds() -> Sequence[str]:
    """The kinds that a mapping may tell apart."""
    return _KINDS

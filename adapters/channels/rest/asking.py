"""What does the vendor answer when it is asked about somebody?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from adapters.channels.rest.access import Access, Shown
from adapters.channels.rest.expressions import folded
from adapters.channels.rest.paths import JsonPath, text_of
from adapters.channels.rest.plan import Ask, Many, Plan
from adapters.channels.rest.reading import Circumstances, read_all
from adapters.channels.rest.requests import Gaps, Made
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Person, Who
from adapters.contract.reply import Reply
from adapters.contract.way import Way
from adapters.values import BadValue

WHO = "who"


class Life(NamedTuple):
    """How old an answer may be."""

    fresh_s: float = 0.0
    stale_s: float = 0.0


NOT_KEPT = Life()


class Asking:
    """One channel account's questions."""

    def __init__(self, plan: Plan, way: Way, access: Access, channel: str, account: str) -> None:
        self._plan, self._way, self._access = plan, way, access
        self.channel, self.account = channel, account

    async def ask(self, capability: str, who: Who, portion: Portion) -> Found:
        """What it knows of the person; raises NoSuchIdentity for who cannot be asked for."""
        ask = self._ask_for(capability, who)
        if ask is not None:
            return await self._answered(ask, who, portion)
        own = self._plan.asks.get((capability, WHO))
        if own is None or who.channel not in self._plan.finds:
            raise NoSuchIdentity(f"The mapping does not say how people of {who.channel!r} are asked for.")
        known = await self._found(who)
        found = await self._answered(own, known, portion)
        if capability == "profile":
            return found
        # So that the house learns under which id the channel knows them, also where there is nothing else to tell.
        return replace(found, records=(Person(who=who, also=(known,)), *found.records))

    def split(self, capability: str, people: Sequence[Who]) -> tuple[Sequence[Who], Sequence[Who]]:
        """Those whom one call can ask for together, and the others."""
        kinds = {who: self._ask_for(capability, who) for who in people}
        first = next((ask for ask in kinds.values() if ask and ask.many), None)
        # A parameter separates several ids by commas.
        together = [who for who, ask in kinds.items() if first and ask is first and "," not in who.value]
        most = first.many.at_most if first and first.many else 0
        return together[:most], [who for who in kinds if who not in together[:most]]

    async def ask_many(self, capability: str, people: Sequence[Who]) -> Mapping[Who, Found]:
        """What it knows of each; who is absent is not known."""
        ask = self._ask_for(capability, people[0])
        if ask is None or ask.many is None:
            raise ChannelRefused("The mapping does not say how several people are asked for.")
        values = [who.value for who in people]
        request = ask.many.request.made_for(ask.stated.by, values, {"account": self.account})
        life = Life(ask.stated.fresh_s, ask.stated.stale_s)
        reply = await self.sent(request, life)
        if self.says_nothing(reply):
            return {}
        return self._shared_out(ask, ask.many, people, reply)

    def _shared_out(self, ask: Ask, many: Many, people: Sequence[Who], reply: Reply) -> Mapping[Who, Found]:
        """The elements of an answer about several, each to whom it is about."""
        by_value = {folded(who.value): who for who in people}
        found: dict[Who, Found] = {}
        for element in _elements(many.each, reply.json()):
            who = by_value.get(folded(_text(many.whose, element)))
            if who is not None and who not in found:
                found[who], _ = self._read(ask, element, reply, who)
        return found

    def _ask_for(self, capability: str, who: Who) -> Ask | None:
        by = WHO if (who.channel, who.account) == (self.channel, self.account) else who.channel
        return self._plan.asks.get((capability, by))

    async def _found(self, who: Who) -> Who:
        """The person's own id; raises NoSuchIdentity where it has none."""
        find = self._plan.finds[who.channel]
        made = find.request.made({find.stated.by: who.value, "account": self.account})
        reply = await self.sent(made, Life(find.stated.fresh_s, find.stated.stale_s))
        text = "" if self.says_nothing(reply) else _text(find.id, reply.json())
        if not text:
            raise NoSuchIdentity(f"It knows nobody by that {find.stated.by}.")
        return Who(self.channel, self.account, text)

    async def _answered(self, ask: Ask, who: Who, portion: Portion) -> Found:
        gaps: dict[str, str | int] = {ask.stated.by: who.value, "account": self.account}
        paging, after = ask.paging, portion.after
        if paging is None and after is not None:
            raise ChannelRefused("The mapping has no `paging` for this, and so no cursors.")
        if paging:
            gaps |= paging.gaps(after, portion.at_most)
        made = ask.request.made(gaps)
        if paging and after is not None and paging.kind in {"link", "link_header"}:
            url, params = paging.link(after)
            made = made._replace(url=url, params=params)
        reply = await self.sent(made, Life(ask.stated.fresh_s, ask.stated.stale_s))
        if self.says_nothing(reply):
            return Found(as_of=reply.as_of, is_stale=reply.is_stale)
        answer = reply.json()
        found, count = self._read(ask, answer, reply, who)
        if paging is None:
            return found
        return replace(found, after=paging.after(reply, answer, count, was=after, size=int(gaps["size"])))

    def _read(self, ask: Ask, answer: Any, reply: Reply, who: Who) -> tuple[Found, int]:
        """What an answer says, and how many elements its first list has."""
        read = read_all(ask.sections, answer, answer, self.around(who, reply))
        found = Found(
            records=tuple(read.records), unread=tuple(read.unread), as_of=reply.as_of, is_stale=reply.is_stale
        )
        return found, read.count

    def says_nothing(self, reply: Reply) -> bool:
        """Whether the mapping calls the answer a good word for nothing."""
        return self._plan.judge.kind(reply) == "nothing"

    def around(self, who: Who, reply: Reply) -> Circumstances:
        """What is known of an answer about the person beside itself."""
        return Circumstances(channel=self.channel, account=self.account, who=who, as_of=reply.as_of.isoformat())

    async def sent(self, made: Made, life: Life = NOT_KEPT, *, is_repeatable: bool = True) -> Reply:
        """The answer to a request, with what lets it in; once more where a token had ended."""
        shown = await self._access.shown()
        try:
            return await self._once(made, shown, life, is_repeatable=is_repeatable)
        except ChannelRefused as error:
            if "401" not in f"{error.code} {error}" or not self._access.forget(shown):
                raise
        return await self._once(made, await self._access.shown(), life, is_repeatable=is_repeatable)

    async def _once(self, made: Made, shown: Shown, life: Life, *, is_repeatable: bool) -> Reply:
        headers, params = {**made.headers, **shown.headers}, {**made.params, **shown.params}
        if made.method == "GET":
            return await self._way.get(
                made.url, params=params, headers=headers, fresh_s=life.fresh_s, stale_s=life.stale_s
            )
        url = f"{made.url}?{urlencode(params)}" if params else made.url
        return await self._way.post(
            url,
            json=made.body,
            headers=headers,
            is_repeatable=is_repeatable,
            fresh_s=life.fresh_s,
            stale_s=life.stale_s,
        )


def gaps_of(asking: Asking, who: Who) -> Gaps:
    """What every request to one person may be filled with."""
    return {WHO: who.value, "account": asking.account}


def _elements(path: JsonPath, answer: Any) -> Sequence[Any]:
    try:
        found = path.find(answer)
    except BadValue as error:
        raise BadPayload(f"The answer about several people: {error}.") from error
    if not isinstance(found, list):
        raise BadPayload(f"The answer about several people has no list at {path.text!r}.")
    return found


def _text(path: JsonPath, answer: Any) -> str:
    try:
        return text_of(path.find(answer))
    except BadValue as error:
        raise BadPayload(f"Whose an answer is: {error}.") from error

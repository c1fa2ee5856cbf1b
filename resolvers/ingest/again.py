"""What becomes of a message that nobody can change, and that is told of once more?

A mail is known by an id that its sender writes, and may come by several ways: by a webhook and by the mailbox, or twice
by a list. What says the same stands there already. What only has lines more or fewer, as a list's or a server's footer
or banner, is a copy: the one that came first stands, with its own files. What says something else is another message
under a used id, of a broken program or of somebody who pretends: it is refused, with all that came with it, so that its
delivery is set aside for people to look at.

Of a channel whose messages are edited nothing is asked here (`Utterance.is_final`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from adapters.contract.records import File, HandedOver, Talk, Utterance, Who
from adapters.records import CAME_BY, Document, RecordId
from resolvers.ingest.report import UNCHANGED, Outcome, Result
from resolvers.ingest.talks import message_id

_ANOTHER: Final = Result(
    Outcome.REJECTED,
    "`external_id` is that of a message that says something else, and none can be changed on this channel; that one "
    "stays as it is. A program has used one id twice, or somebody pretends to be the sender: compare the two.",
)


class Again:
    """Which records of one batch tell of such messages once more, and what becomes of them."""

    def __init__(self) -> None:
        self._settled: dict[int, Result] = {}
        self._message_of: dict[int, int] = {}
        """By the place of a file, that of the message with which it came."""

    def load(
        self,
        records: Sequence[HandedOver],
        stored: Callable[[RecordId], Document | None],
        mark_of: Callable[[Who], RecordId | None],
    ) -> None:
        """Compares them with those that stand, and with one another.

        `stored`: the message that stands under an id; `mark_of`: by what a stored one names who said it.
        """
        talks: dict[tuple[str, str, str], int] = {}
        latest: dict[tuple[str, str, str], int] = {}
        first: dict[RecordId, Utterance] = {}
        for n, one in enumerate(records):
            if isinstance(one, Talk):
                talks[one.channel, one.account, one.external_id] = n
            elif isinstance(one, File) and one.of_kind == "message":
                if (message := latest.get((one.channel, one.account, one.of))) is not None:
                    self._message_of[n] = message
            elif isinstance(one, Utterance) and one.is_final:
                latest[one.channel, one.account, one.external_id] = n
                key = message_id(one.channel, one.account, one.external_id)
                known = stored(key)
                result = _by_stored(one, known, mark_of) if known else _by_told(one, first.setdefault(key, one))
                talk = talks.pop((one.channel, one.account, one.talk), None)
                if result is not None:
                    self._settled |= {n: result} if talk is None else {n: result, talk: UNCHANGED}

    def result(self, n: int, results: Mapping[int, Result]) -> Result | None:
        """What becomes of the record at that place by this; None where it is taken as any other."""
        message = self._message_of.get(n)
        if message is None:
            return self._settled.get(n)
        is_taken = message not in self._settled and results[message].outcome is not Outcome.REJECTED
        return None if is_taken else UNCHANGED


def _by_stored(one: Utterance, known: Document, mark_of: Callable[[Who], RecordId | None]) -> Result | None:
    by = known.get(CAME_BY)
    if known.get("withdrawn_at") or (by is not None and by != mark_of(one.who)):
        # It has no words any more, or is another person's, whose id is refused for that.
        return None
    return _ANOTHER if known["direction"] != one.direction else _by_words(one.text, known["text"])


def _by_told(one: Utterance, first: Utterance) -> Result | None:
    if one is first or one.who != first.who:
        return None
    return _ANOTHER if first.direction != one.direction else _by_words(one.text, first.text)


def _by_words(text: str | None, known: str | None) -> Result | None:
    """None where both say the same, whichever blanks stand between."""
    lines, others = _lines(text), _lines(known)
    if " ".join(lines) == " ".join(others):
        return None
    shorter, longer = sorted(("\n".join(one) for one in (lines, others)), key=len)
    return UNCHANGED if shorter and f"\n{shorter}\n" in f"\n{longer}\n" else _ANOTHER


def _lines(text: str | None) -> list[str]:
    return [words for line in (text or "").splitlines() if (words := " ".join(line.split()))]

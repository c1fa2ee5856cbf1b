"""Is every field of the schema given to those who may see it, and to nobody else, whichever way they come to it?"""

import re
from collections import defaultdict

from resolvers.kit.viewer import Role
from tests.rights.expecting import FILE, HIDDEN, NOT_THEIRS, SHOWN, UNREACHED, Expecting
from tests.rights.paths import EMPTY, seen_at
from tests.rights.viewers import KINDS, STRANGER, Kind
from tests.rights.walking import Walked
from tests.rights.world import OF_FEW, OF_STAFF, PERSONAL, marks_of

_BY_KIND = {"ContactPoint.value", "Identity.value"}
_CORRECTED = {"Customer.entryPoint"}

Expected = dict[str, dict[str, str]]


def test_rights_are_reviewed(expecting: Expecting) -> None:
    """The declared rights of every field and argument are those of the committed table."""
    committed = FILE.read_text("utf-8").splitlines()
    assert committed == expecting.lines(), "Run `make rights`, read the difference, and commit it."


def test_every_type_is_reached(expecting: Expecting) -> None:
    """There is a way to every object type for somebody."""
    reached = {name for kind in KINDS for name in expecting.reached(kind)}
    assert set(expecting.objects) - reached == set()


def test_fields(expecting: Expecting, expected: Expected, walked: list[Walked]) -> None:
    """Every field is answered to those who may see it, null or FORBIDDEN to the others, by every way to its type."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in walked:
        for seen in seen_at(expecting, one.path, one.data, one.errors):
            found[f"{seen.owner}.{seen.field}", one.kind.name].add(seen.outcome)
    wrong = {
        f"{place} for {kind.name}": (wanted, found[place, kind.name])
        for place, said in expected.items()
        for kind in KINDS
        if (wanted := said[kind.name]) and not _is_met(expecting, place, kind, wanted, found[place, kind.name])
    }
    assert wrong == {}, "\n".join(f"{place}: {what}" for place, what in wrong.items())


def _is_met(expecting: Expecting, place: str, kind: Kind, wanted: str, outcomes: set[str]) -> bool:
    """Whether what came of a field, by all ways to it, is what was wanted."""
    owner = place.partition(".")[0]
    if "(" in place or owner not in expecting.asked:
        return True
    told = outcomes - {EMPTY, UNREACHED}
    if wanted == HIDDEN and "hiddenFields" not in expecting.objects[owner].fields and EMPTY in outcomes:
        # The type has no place to tell of it.
        return not told
    if place in _BY_KIND and wanted == SHOWN and kind.role not in {Role.ADMINISTRATOR, Role.VISITOR}:
        # Numbers are shown, and mail addresses are for administrators.
        return SHOWN in told and told <= {SHOWN, HIDDEN}
    if place in _CORRECTED and kind.role is Role.VISITOR:
        # Somebody of the staff has said where the customer came in, which no visitor is shown.
        return told == {HIDDEN}
    is_nothing = wanted == UNREACHED or kind.role in NOT_THEIRS.get(place, ())
    return told == {wanted} or (is_nothing and not told)


def test_no_personal_value(walked: list[Walked]) -> None:
    """No answer to a viewer without the right holds a personal value, wherever in it."""
    leaks = [(one.kind.name, one.text, one.found(PERSONAL)) for one in walked if not one.kind.sees_personal]
    assert [one for one in leaks if one[2]] == []


def test_few_see_what_is_for_few(walked: list[Walked]) -> None:
    """A value whose definition names other roles stands in no answer, wherever in it.

    Nor do numbers and addresses of its kind, of whomever; a visitor is answered the own ones.
    """
    own = {name: re.compile(rf"zqxmjwkh{of}(mail|box)") for of, name in (("a", "visitor"), ("b", STRANGER.name))}
    found = [
        (one.kind.name, one.text, [word for word in one.found(OF_FEW) if not _is_own(own.get(one.kind.name), word)])
        for one in walked
    ]
    assert [one for one in found if one[2] and one[0] != "administrator"] == []
    assert [one for one in found if one[2]] != []


def _is_own(own: re.Pattern[str] | None, word: str) -> bool:
    return own is not None and own.match(word.casefold()) is not None


def test_visitors_see_their_own(walked: list[Walked]) -> None:
    """A visitor is answered nothing of another customer, and nothing that the staff wrote or that names one of them."""
    leaks = [
        (one.kind.name, one.text, found)
        for one in walked
        for of, name in (("b", "visitor"), ("a", STRANGER.name))
        if one.kind.name == name and (found := [*one.found(marks_of(of)), *one.found(OF_STAFF)])
    ]
    assert leaks == []


def test_staff_sees_all(walked: list[Walked]) -> None:
    """The marks are there to be found: an agent's answers hold them."""
    shown = {found.casefold() for one in walked if one.kind.name == "agent" for found in one.found(PERSONAL)}
    assert len(shown) > 30

"""Who would be in a shop's base, and how wrongly would they be written down? Made up, from a seed.

Households share home, name, phone and often mail; some have twins, and some a son with his father's whole name. Each
person has one record or more, with the slips of keyboards, scanners, ears and forms. Made-up people show what no
public set has; they are no proof of how much of each there is in the world.
"""

import random
import re
import string
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from nicknames import NickNamer

from adapters.records import Document

NICKNAMES = NickNamer()
# Forenames long enough to be ones, commonest first as far as chance makes them so.
GIVEN = sorted(name for name in NICKNAMES.nickname_lookup if len(name) > 3 and name.isalpha())
random.Random(0).shuffle(GIVEN)
STREETS = ("Street", "Road", "Avenue", "Lane", "Drive", "Court", "Crescent")
SHORT = {"Street": "St", "Road": "Rd", "Avenue": "Ave", "Lane": "Ln", "Drive": "Dr.", "Court": "Ct", "Crescent": "Cres"}
PROVIDERS = ("gmail.com", "gmail.com", "gmail.com", "yahoo.com", "outlook.com", "web.de", "orange.fr")
BEGINNINGS = tuple(re.findall(r"\w+", "b br c ch d f fl g gr h j k l m n p r s sch st t v w"))
MIDDLES = tuple(re.findall(r"\w+", "a e i o u ai ea ou"))
ENDS = tuple(re.findall(r"\w+", "ck ford ger ham ker land ler lin man mer ner ning rell sen son ston ter ton vez well"))
NOTHING = ("unknown", "N/A", "xxx", "-", "Test")
OCR = {"l": "1", "o": "0", "s": "5", "m": "rn", "w": "vv", "h": "b", "e": "c", "i": "l", "g": "q"}
SOUNDS = (("ph", "f"), ("ck", "k"), ("c", "k"), ("ee", "ea"), ("y", "i"), ("th", "t"), ("ll", "l"), ("s", "z"))
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

Person = dict[str, Any]


class People:
    """A base of about so many people, the same for the same seed."""

    def __init__(self, *, seed: int, households: int) -> None:
        self._chance = random.Random(seed)
        self._surnames = [self._word(2) for _ in range(900)]
        self._towns = [self._word(1).capitalize() for _ in range(120)]
        self._households = households
        self._next = 0

    def records(self, doubled: float = 0.35) -> tuple[list[Document], list[int]]:
        """The customers' documents in any order, and whose each is."""
        found: list[tuple[Document, int]] = []
        for _ in range(self._households):
            for person in self._household():
                self._next += 1
                found.append((self._written(person, slips=0), self._next))
                while self._chance.random() < doubled:
                    found.append(
                        (self._written(self._changed(person), slips=self._chance.choice((1, 1, 2, 3))), self._next)
                    )
        self._chance.shuffle(found)
        return [document for document, _ in found], [who for _, who in found]

    # Who they are

    def _word(self, syllables: int) -> str:
        pick = self._chance.choice
        return "".join(pick(BEGINNINGS) + pick(MIDDLES) for _ in range(syllables)) + pick(ENDS)

    def _common(self, words: list[str]) -> str:
        """A few are common and most are rare."""
        return self._chance.choices(words, cum_weights=list(accumulate(1 / (n + 20) for n in range(len(words)))))[0]

    def _household(self) -> list[Person]:
        home = self._home()
        shared = {"family": self._common(self._surnames), "home": home, "phone": self._phone()}
        shared["family_mail"] = (
            f"{shared['family']}.family{self._chance.randrange(100)}@{self._chance.choice(PROVIDERS)}"
        )
        size = self._chance.choice((1, 1, 1, 2, 2, 3, 4))
        born = date(1940, 1, 1) + timedelta(days=self._chance.randrange(22_000))
        people = [
            self._person(shared, born + timedelta(days=self._chance.randrange(-1500, 1500)))
            for _ in range(min(size, 2))
        ]
        children = born + timedelta(days=9_000)
        people += [
            self._person(shared, children + timedelta(days=self._chance.randrange(4000))) for _ in range(size - 2)
        ]
        taken: set[str] = set()
        for one in people:
            while one["given"] in taken:
                one["given"] = self._common(GIVEN)
            taken.add(one["given"])
        if size > 3:  # Twins in a few large households, and sons with their father's name.
            kind = self._chance.random()
            if kind < 0.2:
                people[-1]["born"] = people[-2]["born"]
            elif kind < 0.3:
                people[-1]["given"] = people[0]["given"]
        return people

    def _person(self, shared: Mapping[str, Any], born: date) -> Person:
        given = self._common(GIVEN)
        number = self._chance.choice(["", str(self._chance.randrange(100))])
        own_mail = f"{given}.{shared['family']}{number}@{self._chance.choice(PROVIDERS)}"
        return {
            **shared,
            "given": given,
            "born": born,
            "mail": shared["family_mail"] if self._chance.random() < 0.15 else own_mail,
            "mobile": self._phone() if self._chance.random() < 0.7 else None,
            "member": f"{self._chance.randrange(10**8):08}" if self._chance.random() < 0.4 else None,
        }

    def _phone(self) -> str:
        return f"+1{self._chance.randrange(201, 989)}{self._chance.randrange(2_000_000, 9_999_999)}"

    def _home(self) -> dict[str, str]:
        number, street = self._chance.randrange(1, 250), self._word(1).capitalize()
        return {
            "street": f"{number} {street} {self._chance.choice(STREETS)}",
            "city": self._common(self._towns),
            "postcode": f"{self._chance.randrange(10_000, 99_999)}",
        }

    def _changed(self, person: Person) -> Person:
        """The person at another time: married, moved, with another number or mail."""
        changed, luck = dict(person), self._chance.random
        if luck() < 0.06:
            changed["family"] = self._common(self._surnames)
        if luck() < 0.15:
            changed["home"] = self._home()
        if luck() < 0.2:
            changed["mobile"] = self._phone()
        if luck() < 0.2:
            changed["mail"] = f"{person['given'][0]}{person['family']}@{self._chance.choice(PROVIDERS)}"
        return changed

    # How they are written down

    def _written(self, person: Person, slips: int) -> Document:
        luck = self._chance.random
        home = dict(person["home"])
        row: dict[str, str | None] = {
            "firstName": person["given"].capitalize(),
            "lastName": person["family"].capitalize(),
            "birthDate": person["born"].isoformat(),
            "phone": person["mobile"] if person["mobile"] and luck() < 0.7 else person["phone"],
            "mail": person["mail"],
            "member": person["member"],
            **home,
        }
        for name, left_out in (("birthDate", 0.25), ("phone", 0.25), ("mail", 0.3), ("street", 0.3), ("member", 0.5)):
            if luck() < left_out:
                row[name] = None
        if not row["street"]:
            row["postcode"] = None
        for _ in range(slips):
            self._chance.choice(self._slips)(self, row)
        if slips and luck() < 0.04:
            self._say_nothing(row)
        return _document(row, is_postal=luck() < 0.5)

    def _typo(self, row: dict[str, Any]) -> None:
        name = self._chance.choice(("firstName", "lastName", "street", "city", "mail"))
        if row[name] and len(row[name]) > 3:
            row[name] = self._mistyped(row[name])

    def _mistyped(self, text: str) -> str:
        at = self._chance.randrange(len(text) - 1)
        one, other, rest = text[at], text[at + 1], text[at + 2 :]
        kind = self._chance.randrange(4)
        beside = next((row for row in ROWS if one.lower() in row), string.ascii_lowercase)
        changed = (
            one + beside[beside.find(one.lower()) - 1] + other,
            other,
            other + one,
            beside[beside.find(one.lower()) - 1] + other,
        )
        return text[:at] + changed[kind] + rest

    def _misread(self, row: dict[str, Any]) -> None:
        name = self._chance.choice(("firstName", "lastName", "street", "member", "postcode"))
        found = [one for one in OCR if row[name] and one in row[name]]
        if found:
            one = self._chance.choice(found)
            row[name] = row[name].replace(one, OCR[one], 1)

    def _misheard(self, row: dict[str, Any]) -> None:
        name = self._chance.choice(("firstName", "lastName", "street"))
        found = [pair for pair in SOUNDS if row[name] and pair[0] in row[name]]
        if found:
            row[name] = row[name].replace(*self._chance.choice(found), 1)

    def _short(self, row: dict[str, Any]) -> None:
        nicknames = sorted(NICKNAMES.nicknames_of(row["firstName"] or ""))
        if nicknames:
            row["firstName"] = self._chance.choice(nicknames).capitalize()
        elif row["street"]:
            *words, kind = row["street"].split()
            row["street"] = " ".join([*words, SHORT.get(kind, kind)])

    def _initial(self, row: dict[str, Any]) -> None:
        if row["firstName"]:
            row["firstName"] = row["firstName"][:1] + "."

    def _exchanged(self, row: dict[str, Any]) -> None:
        row["firstName"], row["lastName"] = row["lastName"], row["firstName"]

    def _wrong_day(self, row: dict[str, Any]) -> None:
        if not row["birthDate"]:
            return
        year, month, day = row["birthDate"].split("-")
        if self._chance.random() < 0.4 and int(day) < 13:
            row["birthDate"] = f"{year}-{day}-{month}"
        else:
            row["birthDate"] = f"{int(year) + self._chance.choice((-10, -1, 1, 10))}-{month}-{min(int(day), 28):02}"

    def _missing(self, row: dict[str, Any]) -> None:
        row[self._chance.choice(("firstName", "birthDate", "phone", "mail", "street"))] = None

    def _say_nothing(self, row: dict[str, Any]) -> None:
        name, value = self._chance.choice(
            (
                ("birthDate", "1900-01-01"),
                ("phone", "+10000000000"),
                ("firstName", self._chance.choice(NOTHING)),
                ("lastName", self._chance.choice(NOTHING)),
                ("mail", "noreply@shop.example"),
                ("member", "00000000"),
            )
        )
        row[name] = value

    _slips: tuple[Callable[["People", dict[str, Any]], None], ...] = (
        _typo,
        _typo,
        _typo,
        _misread,
        _misheard,
        _short,
        _initial,
        _exchanged,
        _wrong_day,
        _missing,
    )


def _document(row: Mapping[str, str | None], *, is_postal: bool) -> Document:
    """The customer as it is stored: the address in attributes, or as a contact point."""
    values = {name: row[name] for name in ("firstName", "lastName", "birthDate", "member") if row[name]}
    parts = [row["street"], row["city"], row["postcode"]]
    points = [{"type": "PHONE", "value": row["phone"]}, {"type": "EMAIL", "value": row["mail"]}]
    if is_postal:
        points.append({"type": "POSTAL", "value": ", ".join(part for part in parts if part)})
    else:
        values |= {name: part for name, part in zip(("street", "city", "postcode"), parts, strict=True) if part}
    return {"attributes": values, "contact_points": [point for point in points if point["value"]]}

"""No record of the house shows a person's value or a secret when it shows itself; also not one that is new.

`tests/plain_records.txt` lists those that do show their fields: they hold what the house itself or whoever
runs it wrote, as a mapping, a declaration or a plan. Put a new one there only when that is so; else make it `@quiet`.
"""

import dataclasses
from pathlib import Path

from pydantic import BaseModel, SecretStr

from adapters.contract.records import Person, Who
from adapters.quiet import written_out
from tests.planting_shapes import MARK, planted, records_of_the_house

PLAIN = set((Path(__file__).parent / "plain_records.txt").read_text("utf-8").split())


def shows_words(cls: type) -> bool:
    """Whether an object of the class shows what stands in its fields."""
    one = planted(cls)
    # Of other records `str` is the same, or what they are written out by.
    return MARK in repr(one) or (issubclass(cls, BaseModel) and MARK in str(one))


def test_records_show_no_value() -> None:
    """What can hold a person's value or a secret shows its kind, and none of what stands in it."""
    showing = {f"{one.__module__}:{one.__qualname__}" for one in records_of_the_house() if shows_words(one)}
    assert sorted(showing - PLAIN) == [], "make them @quiet (adapters/quiet.py)"
    assert sorted(PLAIN - showing) == [], "they show nothing any more: take them out of tests/plain_records.txt"


def test_models_quote_no_input() -> None:
    """What a model says of values that do not fit leaves them out."""
    models = [one for one in records_of_the_house() if issubclass(one, BaseModel)]
    assert [one.__qualname__ for one in models if not one.model_config.get("hide_input_in_errors")] == []


def test_loud_record_found() -> None:
    """A record that shows what it holds would be found."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Loud:
        words: str | None

    @dataclasses.dataclass(frozen=True, slots=True)
    class Sealed:
        word: SecretStr

    assert shows_words(Loud)
    assert not shows_words(Sealed)


def test_quiet_record_has_shape() -> None:
    """A quiet record says of what kind it is, of which channel account, and what it has."""
    assert repr(Who("whatsapp", "main", MARK)) == "<Who channel='whatsapp' account='main' value>"
    assert f"{Who('whatsapp', 'main', MARK)}" == "<Who channel='whatsapp' account='main' value>"


def test_written_out_whole() -> None:
    """Written out, equal records are equal, and each value in them counts."""
    one, same, other = (Person(who=Who("acme", "main", "7"), profile={"name": name}) for name in ("Ann", "Ann", "Bob"))
    assert written_out(one) == written_out(same) != written_out(other)
    assert repr(written_out(one)).count("Ann") == 1

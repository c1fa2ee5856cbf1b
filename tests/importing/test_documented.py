"""Does mappings/README.md name everything that a mapping may say?"""

import re
import tomllib
from pathlib import Path

import pytest

from adapters.targets import TARGETS
from gateway.importing import mapping
from gateway.importing.layouts import FORMATS, KEYS

README = (Path(__file__).parent.parent.parent / "mappings" / "README.md").read_text()
WORDS = set(re.findall(r"[a-z_]+(?:\.[a-z_]+)?", README))


@pytest.mark.parametrize("record", TARGETS)
def test_fields_documented(record: str) -> None:
    """Every record has a row with all of its fields."""
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{record}` |")]
    missing = [
        name
        for name in TARGETS[record].fields
        if name not in {"channel", "account"} and f"`{name}`" not in row and f"`.{name.partition('.')[2]}`" not in row
    ]
    assert missing == []


def test_keys_documented() -> None:
    """Every key and format of a mapping is named."""
    keys = {*KEYS, *FORMATS, *mapping._TOP, *mapping._SOURCE, *mapping._SECTION, *mapping._TABLE, *mapping._LEAVE}
    assert keys - WORDS - {"name"} == set()


def test_example_is_toml() -> None:
    """The example is a mapping that TOML's own reader understands."""
    example = "\n".join(line[4:] for line in README.splitlines() if line.startswith("    "))
    assert tomllib.loads(example).keys() == {"source", "import", "table", "attribute", "leave"}

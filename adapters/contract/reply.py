"""What did a vendor answer?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.contract.errors import BadPayload
from adapters.contract.legible import read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, read whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By name in lower case; of repeated ones the first."""
    body: bytes = field(repr=False)
    as_of: datetime
    """When the vendor said so: earlier than now where it was kept."""
    is_stale: bool = False
    """Whether it is older than was asked for, because the vendor did not answer anew."""

    def json(self) -> Any:
        """The body as JSON, with U+FFFD for what no text can keep; raises BadPayload, which quotes nothing of it."""
        try:
            return read_json(self.body)
        except (ValueError, RecursionError) as error:
            raise BadPayload(f"An answer of {len(self.body)} bytes (status {self.status}) is no JSON.") from error

"""Does a gateway that starts say what of its set-up is not as it was meant?"""

import json
from pathlib import Path

import pytest

from tests.gateway.processes import Running

MANIFEST = {"good": "{ viewer { role } }", "old": "{ nothing }", "older": "{ viewer { nothing } }"}


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.deep)])
def test_start_tells_slips(tmp_path: Path, workers: str) -> None:
    """Variables that are no settings, and how many trusted documents the schema does not answer, have a line each."""
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps(MANIFEST))
    slips = {"GATEWAY_PROT": "1", "GATEWAY_WORKER": "2"}
    given = {"GATEWAY_TRUSTED_DOCUMENTS": str(manifest), "GATEWAY_WORKERS": workers}
    gateway = Running(tmp_path / "data", "serve", **slips, **given)
    try:
        assert gateway.address
        gateway.ready()
        gateway.end()
    finally:
        gateway.kill()
    told = [json.loads(line) for line in gateway.lines if '"warning"' in line]
    assert [(one["event"], one.get("variables"), one.get("count"), one.get("first")) for one in told] == [
        ("no such setting", ["GATEWAY_PROT", "GATEWAY_WORKER"], None, None),
        ("trusted documents that the schema does not answer", None, 2, "old"),
    ]

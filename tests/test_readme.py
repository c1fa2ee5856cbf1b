"""Every command of the README runs, and what it says is so; its queries are asked in tests/gateway/test_demo.py."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings_table import settings_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SHELL = [line for kind, text in BLOCKS if kind == "sh" for line in text.strip().splitlines()]
QUERIES = [text for kind, text in BLOCKS if kind == "graphql"]


def test_length() -> None:
    """The README has fewer than 200 lines."""
    assert README.count("\n") < 200


def test_settings_are_listed() -> None:
    """The page of settings has the table that `profile-gateway settings` prints."""
    assert settings_table().strip() in (ROOT / "SETTINGS.md").read_text("utf-8")


def test_files_are_there() -> None:
    """Every file and folder that the README names is there."""
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|graphql|toml))`", README))
    # What make puts there is no file of the repository.
    named = {name for name in named if not name.startswith(".venv/")}
    there = [ROOT, ROOT / "gateway", ROOT / "resolvers", ROOT / "adapters"]
    assert [name for name in sorted(named) if not any((folder / name).exists() for folder in there)] == []


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("make ")])
def test_make_targets(line: str) -> None:
    """Every target that the README names is in the Makefile."""
    result = subprocess.run(["make", "-n", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == 0


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("profile-gateway ")])
async def test_commands(line: str, tmp_path: Path) -> None:
    """Every command of the README does what it says."""
    # The port of the README may be taken on this machine.
    said = line.replace("exports/*.csv", str(_exports(tmp_path))).replace("--port 8080", "--port 0")
    words = shlex.split(said)
    program = [sys.executable, "-c", "from gateway.cli import main; main()", *words[1:]]
    environment = os.environ | {
        "GATEWAY_DATA_FOLDER": str(tmp_path / "data"),
        "GATEWAY_PORT": "0",
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        *program, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    if words[1] == "serve":
        await asyncio.wait_for(_until_it_listens(process.stderr), 60)
        process.terminate()
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, (out + err).decode()


async def _until_it_listens(lines: asyncio.StreamReader | None) -> None:
    assert lines is not None
    while line := await lines.readline():
        if b"/graphql" in line:
            return
    raise AssertionError("It ended before it listened.")


def _exports(folder: Path) -> Path:
    """A shop's export of two customers."""
    file = folder / "AdventureWorks_Customers.csv"
    file.write_text(
        "CustomerKey,Prefix,FirstName,LastName,BirthDate,MaritalStatus,Gender,EmailAddress,AnnualIncome,"
        "TotalChildren,EducationLevel,Occupation,HomeOwner\n"
        '1,MR.,ANN,LEE,05/14/1965,S,F,ann@example.com,"$60,000 ",3,Bachelors,Professional,N\n'
        '2,MR.,BOB,RAY,05/14/1975,M,M,bob@example.com,"$70,000 ",0,Bachelors,Manual,Y\n'
    )
    return file

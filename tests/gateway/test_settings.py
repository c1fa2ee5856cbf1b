"""Which knobs are there, and is a wrong one refused in words?"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.kept_secrets import kept_secret, with_secrets
from gateway.settings import BadSettings, Settings, environment_name, load_settings, unknown_names
from gateway.settings_table import settings_table

LONG = "x" * 32


def test_table_lists_every_setting() -> None:
    """The table of SETTINGS.md has a row for each knob, with its reason."""
    rows = settings_table().splitlines()[2:]
    assert sorted(row.split("`")[1] for row in rows) == sorted(map(environment_name, Settings.model_fields))
    assert all(len(row.split("|")[3].strip()) > 20 for row in rows)


def test_environment_sets_knobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each knob is a variable with the prefix GATEWAY_, MONGODB_URL alone without."""
    monkeypatch.setenv("GATEWAY_PORT", "9001")
    monkeypatch.setenv("MONGODB_URL", "mongodb://db.example")
    settings = load_settings()
    assert settings.port == 9001
    assert settings.mongodb_url == SecretStr("mongodb://db.example")


def test_given_outranks_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed wins over the environment; what is not typed leaves it alone."""
    monkeypatch.setenv("GATEWAY_PORT", "9001")
    assert load_settings(port=9002, host=None).port == 9002
    assert load_settings(port=None).port == 9001


def test_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable means the default."""
    monkeypatch.setenv("GATEWAY_JWT_SECRET", "")
    assert load_settings().jwt_secret is None


def test_data_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder stands in XDG_DATA_HOME; a relative one is ignored, as the standard says."""
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert load_settings().data_folder == Path("/somewhere/profile-gateway")
    monkeypatch.setenv("XDG_DATA_HOME", "somewhere")
    assert load_settings().data_folder == Path.home() / ".local/share/profile-gateway"


def test_repr_hides_secrets() -> None:
    """Secrets show in no repr."""
    settings = load_settings(secret=LONG, jwt_secret=LONG, mongodb_url="mongodb://me:opensesame@db.example")
    assert LONG not in repr(settings)
    assert "password" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GATEWAY_JWT_SECRET", "too short to be safe", "20 bytes; at least 32"),
        ("GATEWAY_SECRET", "too short to be safe", "openssl rand -base64 32"),
        ("GATEWAY_JWT_ALGORITHMS", "RS256,HS256", "HS256 cannot be verified with a public key"),
        ("GATEWAY_JWT_ALGORITHMS", "none", "none cannot be verified"),
        ("GATEWAY_JWT_ALGORITHMS", ",", "names no algorithm"),
        ("GATEWAY_JWT_JWKS_URL", "file:///etc/passwd", "match pattern"),
        ("GATEWAY_DEFAULT_REGION", "Colombia", "no country code"),
        ("GATEWAY_PAGE_SIZE", "101", "more than GATEWAY_LARGEST_PAGE"),
        ("GATEWAY_PORT", "http", "valid integer"),
        ("GATEWAY_PORT", "65536", "less than or equal to 65535"),
        ("GATEWAY_DATABASE", "a/b", "match pattern"),
        ("MONGODB_URL", "http://me:opensesame@db.example", "must begin with mongodb://"),
    ],
)
def test_wrong_value_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    """A knob that holds what it cannot hold is named, with what it takes; a secret is not quoted."""
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=words) as caught:
        load_settings()
    assert name in str(caught.value)
    assert "opensesame" not in str(caught.value)
    assert "too short" not in str(caught.value)


FLOATS = [name for name, field in Settings.model_fields.items() if field.annotation is float]


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("name", FLOATS)
def test_no_infinity(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """No knob is without end, nor no number: nothing could be reckoned with it."""
    monkeypatch.setenv(environment_name(name), value)
    with pytest.raises(BadSettings, match=f"{environment_name(name)} is '{value}': input should be a finite number"):
        load_settings()


def _run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    start = [sys.executable, *words]
    return subprocess.run(start, env=os.environ | settings, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("command", "status"), [("--help", 0), ("doctor", 1)])
def test_commands_outlive_mistakes(command: str, status: int) -> None:
    """With a wrong limit, and another wrong knob, each command still runs, and the doctor names both and what to do."""
    ended = _run("-m", "gateway", command, GATEWAY_BODY_BYTES="1", GATEWAY_PROFILE="prod")
    told = " ".join((ended.stdout + ended.stderr).split())
    assert (ended.returncode, "Traceback" in told) == (status, False)
    if command == "doctor":
        assert "GATEWAY_BODY_BYTES is '1': input should be greater than or equal to 1024" in told
        assert "GATEWAY_PROFILE is 'prod': input should be 'development' or 'production'" in told


def test_workers_know_their_bounds(tmp_path: Path) -> None:
    """A worker bounds heads and frames as the environment says."""
    said = (
        "from gateway.app import Heads, SocketFrames, from_environment; from_environment(); "
        "print(Heads.settings.head_bytes, SocketFrames.settings.socket_frames_per_s)"
    )
    bounds = {"GATEWAY_HEAD_BYTES": "5000", "GATEWAY_SOCKET_FRAMES_PER_S": "7"}
    ended = _run("-c", said, GATEWAY_DATA_FOLDER=str(tmp_path), **bounds)
    assert ended.stdout.split() == ["5000", "7"], ended.stderr


def test_algorithms_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several algorithms stand with commas between them."""
    monkeypatch.setenv("GATEWAY_JWT_ALGORITHMS", "RS256, EdDSA")
    assert load_settings().jwt_algorithms == ("RS256", "EdDSA")


def test_secret_stands_in_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`<name>_FILE` names a file that holds the secret."""
    (tmp_path / "secret").write_text(LONG + "\n")
    monkeypatch.setenv("GATEWAY_SECRET_FILE", str(tmp_path / "secret"))
    assert load_settings().secret == SecretStr(LONG)


def test_unreadable_secret_file_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret's file that is not there is an error, never no secret."""
    monkeypatch.setenv("GATEWAY_JWT_SECRET_FILE", str(tmp_path / "gone"))
    with pytest.raises(BadSettings, match=r"GATEWAY_JWT_SECRET_FILE names .* cannot be read"):
        load_settings()


def test_two_places_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret that stands both in the environment and in a file is refused."""
    (tmp_path / "secret").write_text(LONG)
    monkeypatch.setenv("GATEWAY_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("GATEWAY_SECRET", LONG)
    with pytest.raises(BadSettings, match="Both GATEWAY_SECRET and GATEWAY_SECRET_FILE"):
        load_settings()


def test_slip_of_pen_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that looks like a knob and is none is found; those with _FILE behind a secret are some."""
    monkeypatch.setenv("GATEWAY_PROT", "8001")
    monkeypatch.setenv("GATEWAY_SECRET_FILE", "somewhere")
    monkeypatch.setenv("GATEWAY_PORT_FILE", "somewhere")
    assert unknown_names() == ["GATEWAY_PORT_FILE", "GATEWAY_PROT"]


def test_secrets_made_once(tmp_path: Path) -> None:
    """Beside a database of its own the gateway makes its secrets once, in files that only its user reads."""
    folder = tmp_path / "data"
    first, second = (with_secrets(load_settings(data_folder=folder)) for _ in range(2))
    assert None is not first.secret != first.jwt_secret is not None
    assert (first.secret, first.jwt_secret) == (second.secret, second.jwt_secret)
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_makers_at_once_agree(tmp_path: Path) -> None:
    """Processes that make the secret at the same time get the same one, and leave nothing else behind."""
    with ThreadPoolExecutor(8) as pool:
        made = {one.get_secret_value() for one in pool.map(lambda _: kept_secret(tmp_path / "secret"), range(64))}
    assert len(made) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_no_jwt_secret_beside_key_set(tmp_path: Path) -> None:
    """Where an identity provider is named, no secret of our own signs anyone in."""
    settings = load_settings(data_folder=tmp_path, jwt_jwks_url="https://id.example/keys")
    assert with_secrets(settings).jwt_secret is None


def test_cluster_needs_given_secret(tmp_path: Path) -> None:
    """With MONGODB_URL and no secret the start ends in words: several processes must agree."""
    settings = load_settings(data_folder=tmp_path, mongodb_url="mongodb://db.example")
    with pytest.raises(BadSettings, match=r"GATEWAY_SECRET is not.*GATEWAY_SECRET_FILE"):
        with_secrets(settings)
    assert not list(tmp_path.iterdir())


def test_damaged_secret_refused(tmp_path: Path) -> None:
    """A kept secret that was cut short is refused, and its file named."""
    (tmp_path / "secret").write_text("short")
    with pytest.raises(BadSettings, match=r"cut short\. Remove the file"):
        with_secrets(load_settings(data_folder=tmp_path))


def test_documented_deliveries_fit() -> None:
    """Deliveries as large as Meta documents them are taken unless an operator says otherwise."""
    assert Settings.model_fields["delivery_bytes"].default >= 3 * 1024 * 1024

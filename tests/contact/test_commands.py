"""The command line as staff and operators use it."""

from __future__ import annotations

import io
import json
import os
import re
import stat
from pathlib import Path

import pytest

from waymark import settings
from waymark.cli import main
from waymark.contact.request import ContactRequest, RequestStore
from waymark.contact.vault import KEYS, Vault


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "WAYMARK_SMTP_URL", "WAYMARK_WEBHOOK_URL", KEYS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "VAR", tmp_path / "var")
    monkeypatch.setenv(KEYS, Vault.new_key())


def test_a_request_by_hand(asked: ContactRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> str:
        assert main(["requests", *words]) == 0
        return capsys.readouterr().out

    assert run("list") == "No open request.\n"
    reference = RequestStore.open().add(asked, "one")
    listed = run("list")
    assert reference in listed and "Something else" in listed and "6486" not in listed
    assert json.loads(run("list", "--json"))["reference"] == reference
    run("claim", reference, "--as", "ann")
    run("attempt", reference, "Vague voicemail left", "--as", "ann", "--note", "no answer")
    shown = run("show", reference, "--as", "ann")
    for word in (
        "+1 424-644-6486",
        "he answers my phone",
        "tangerine",
        "Text only, never call",
        "Vague voicemail left",
    ):
        assert word in shown
    out = tmp_path / "out.csv"
    run("export", "--as", "ann", "--out", str(out))
    assert "424-644-6486" in out.read_text() and stat.S_IMODE(out.stat().st_mode) == 0o600
    run("release", reference, "--as", "ann")
    run("done", reference, "--as", "ann")
    assert run("list") == "No open request.\n" and reference in run("list", "--all")
    assert "ann: exported" in run("audit")


def test_cancel_by_hand(asked: ContactRequest, capsys: pytest.CaptureFixture[str]) -> None:
    reference = RequestStore.open().add(asked, "one")
    assert main(["requests", "cancel", reference, "--as", "ann"]) == 0
    assert main(["requests", "show", reference, "--as", "ann"]) == 0
    assert "wiped" in capsys.readouterr().out


def test_keys(asked: ContactRequest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    RequestStore.open().add(asked, "one")
    assert main(["requests", "key"]) == 0
    new = capsys.readouterr().out.strip()
    assert re.fullmatch(r"[\w-]{43}=", new)
    monkeypatch.setenv(KEYS, f"{new},{os.environ[KEYS]}")
    assert main(["requests", "rotate", "--as", "operator"]) == 0
    monkeypatch.setenv(KEYS, new)
    assert main(["requests", "list"]) == 0


def test_without_a_key_it_says_how_to_make_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEYS)
    assert main(["requests", "list"]) == 1
    assert "waymark requests key" in capsys.readouterr().err
    for command in (["requests", "migrate"], ["requests", "audit"], ["staff", "list"], ["requests", "key"]):
        assert main(command) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["requests", "show", "K7-4PQ2", "--as", "ann"], "there is no request"),
        (["requests", "done", "nonsense", "--as", "ann"], "there is no request"),
        (["deliver", "--once"], "nothing to deliver to"),
        (["staff", "remove", "ann"], "no account"),
    ],
)
def test_errors_are_plain(command: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_a_database_that_is_away_is_said_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:hunter2@127.0.0.1:1/none")
    for command in (["requests", "list"], ["requests", "migrate"], ["staff", "list"]):
        assert main(command) == 1
        error = capsys.readouterr().err
        assert "DATABASE_URL" in error or "cannot be used" in error
        assert "hunter2" not in error


def test_nothing_is_opened_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("show", "claim", "done", "cancel"):
        with pytest.raises(SystemExit):
            main(["requests", action, "K7-4PQ2"])
        assert "--as" in capsys.readouterr().err


def test_files_are_for_their_owner_alone(asked: ContactRequest) -> None:
    RequestStore.open().add(asked, "one")
    for path in settings.VAR.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_purge_deletes_requests_too(asked: ContactRequest, capsys: pytest.CaptureFixture[str]) -> None:
    RequestStore.open().add(asked, "one")
    assert main(["purge"]) == 0
    assert "Deleted 0 contact requests older than 14 days" in capsys.readouterr().out
    assert main(["purge", "--days", "0"]) == 0
    assert "Deleted 1 contact requests" in capsys.readouterr().out


def test_accounts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("several words make one\n"))
    assert main(["staff", "add", "ann", "--role", "agent"]) == 0
    assert main(["staff", "role", "ann", "--role", "admin"]) == 0
    assert main(["staff", "list"]) == 0
    assert "admin" in capsys.readouterr().out

"""Passwords: the file they are kept in, the command that writes it, the address they open."""

from __future__ import annotations

import os
import pty
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from test_answer_markup import FakeWorkspace

from scoqa import cli
from scoqa.config import LOGINS, Settings, load_settings
from scoqa.errors import ConfigError, LoginError, ScoqaError
from scoqa.parse.folder import scan
from scoqa.ui.address import is_local, is_wildcard, listen, url_host
from scoqa.ui.app import build_application
from scoqa.ui.auth import passwords

PASSWORD = "four words and a tower"


def settled(folder: Path, **settings: Any) -> Any:
    workspace = FakeWorkspace(folder)
    workspace.settings = Settings(**settings)
    return workspace


# -- the file -----------------------------------------------------------------------------------


def test_a_password_written_is_the_one_that_opens(tmp_path: Path) -> None:
    file = tmp_path / LOGINS
    passwords.write_login(file, "ada", PASSWORD)
    logins = passwords.read_logins(file)
    assert passwords.check_password(logins, "ada", PASSWORD)
    assert not passwords.check_password(logins, "ada", PASSWORD + " ")
    assert not passwords.check_password(logins, "ada", "")
    assert not passwords.check_password(logins, "bob", PASSWORD)


def test_the_file_holds_no_password_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / LOGINS
    passwords.write_login(file, "ada", PASSWORD)
    passwords.write_login(file, "bob", PASSWORD)
    text = file.read_text(encoding="utf-8")
    assert PASSWORD not in text
    lines = text.splitlines()
    assert [line.split(":")[:5] for line in lines] == [
        ["ada", "scrypt", "32768", "8", "3"],
        ["bob", "scrypt", "32768", "8", "3"],
    ]
    assert lines[0].split(":")[5:] != lines[1].split(":")[5:], "each has a salt of its own"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    # Whether the lock stays depends on the version of filelock; taking it away is no use.
    left = {each.name for each in file.parent.iterdir()}
    assert left - {f"{LOGINS}.lock"} == {LOGINS}, "nothing else is left beside it"


def test_a_new_password_replaces_that_name_s_line_alone(tmp_path: Path) -> None:
    file = tmp_path / LOGINS
    passwords.write_login(file, "ada", PASSWORD)
    passwords.write_login(file, "bob", PASSWORD)
    before = file.read_text(encoding="utf-8").splitlines()
    file.write_text("# who may read\n\n" + "\r\n".join(before), encoding="utf-8")
    passwords.write_login(file, "ada", "another one with words")
    after = file.read_text(encoding="utf-8").splitlines()
    assert after[:2] == ["# who may read", ""]
    assert after[3].startswith("bob:") and after[3] == before[1]
    logins = passwords.read_logins(file)
    assert passwords.check_password(logins, "ada", "another one with words")
    assert not passwords.check_password(logins, "ada", PASSWORD)
    assert passwords.check_password(logins, "bob", PASSWORD)


def test_accents_may_be_typed_in_either_way(tmp_path: Path) -> None:
    file = tmp_path / LOGINS
    passwords.write_login(file, "zoe\u0308", "cafe\u0301 and a tower")
    logins = passwords.read_logins(file)
    assert passwords.check_password(
        logins, passwords.normalize_name(" zo\u00eb "), "caf\u00e9 and a tower"
    )


def test_a_name_is_replaced_in_whichever_way_its_accents_stand(tmp_path: Path) -> None:
    # It got a second line, and the chat no longer started: the name stood there twice.
    file = tmp_path / LOGINS
    for before, name in (("jose\u0301", "jos\u00e9"), ("\u00a0jos\u00e9", "jose\u0301")):
        file.write_text(f"# one\n{before}{GOOD[3:]}\nbob{GOOD[3:]}\n", encoding="utf-8")
        passwords.write_login(file, name, PASSWORD)
        assert list(passwords.read_logins(file)) == ["jos\u00e9", "bob"]
        assert passwords.check_password(passwords.read_logins(file), "jos\u00e9", PASSWORD)


def test_names_written_at_the_same_time_all_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / LOGINS
    passwords.write_login(file, "first", PASSWORD)
    real = passwords._replace

    def slow(*arguments: Any) -> None:
        time.sleep(0.1)  # for the others to read the file too, could they
        real(*arguments)

    monkeypatch.setattr(passwords, "_replace", slow)
    names = ["ada", "bob", "cy", "dee"]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: passwords.write_login(file, name, PASSWORD), names))
    assert sorted(passwords.read_logins(file)) == [*names, "first"]
    assert scan(tmp_path)[:2] == ([], {})


def test_whoever_does_not_let_go_of_the_file_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / LOGINS
    monkeypatch.setattr(passwords, "_LOCK_SECONDS", 0.1)
    release, held = threading.Event(), threading.Event()

    def hold() -> None:
        with passwords._lock(file):
            held.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        with pytest.raises(LoginError, match="is being written by another process"):
            passwords.write_login(file, "ada", PASSWORD)
        assert not file.exists()
    finally:
        release.set()
        thread.join(10)
    passwords.write_login(file, "ada", PASSWORD)


GOOD = "ada:scrypt:32768:8:3:" + "A" * 22 + "==:" + "A" * 43 + "="


def test_a_line_by_hand_is_read(tmp_path: Path) -> None:
    text = f"\ufeff# one\n\n  # ada: gone\n  {GOOD}  \r\n\t#\n"
    (tmp_path / LOGINS).write_text(text, encoding="utf-8")
    assert list(passwords.read_logins(tmp_path / LOGINS)) == ["ada"]


@pytest.mark.parametrize(
    "line",
    [
        "ada:hunter2", "hunter2", "ada:", ":", "hunter2" + GOOD[3:] + ":x", GOOD[3:],
        GOOD.replace("32768", "2"), GOOD.replace("scrypt", "plain"), GOOD.replace("A=", "="),
        GOOD.replace("A", "hunter2", 1), GOOD.replace("A", "é", 1), "a b" + GOOD[3:],
        "hunter2 " + GOOD, GOOD + GOOD, "hunter2" * 10 + GOOD[3:],
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_its_number_and_never_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / LOGINS
    file.write_text(f"# who may read\n\n{line}\n", encoding="utf-8")
    with pytest.raises(LoginError) as refused:
        passwords.read_logins(file)
    assert str(refused.value).startswith(f"{file}, line 3: ")
    for word in ("hunter2", "AAAA", "é", "a b"):
        assert word not in str(refused.value)
    with pytest.raises(LoginError, match="line 3"):
        passwords.write_login(file, "ada", PASSWORD)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOGINS).write_text(f"{GOOD}\n{GOOD}\n", encoding="utf-8")
    with pytest.raises(LoginError, match="line 2: this name occurs twice"):
        passwords.read_logins(tmp_path / LOGINS)


def test_a_file_of_other_bytes_is_refused_without_showing_them(tmp_path: Path) -> None:
    (tmp_path / LOGINS).write_bytes(b"hunter2\xff")
    with pytest.raises(LoginError, match="is not UTF-8") as refused:
        passwords.read_logins(tmp_path / LOGINS)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["", " ", "a:b", "a b", "a\nb", "#ada", "a" * 65, "a\u202eb"])
def test_a_name_that_no_line_could_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoginError, match="A name has"):
        passwords.write_login(tmp_path / LOGINS, name, PASSWORD)
    assert not (tmp_path / LOGINS).exists()


@pytest.mark.parametrize("password", ["", "x" * 14, "x" * 1025])
def test_a_password_of_another_length_is_refused_and_not_shown(
    tmp_path: Path, password: str
) -> None:
    with pytest.raises(LoginError, match="The password is too") as refused:
        passwords.write_login(tmp_path / LOGINS, "ada", password)
    assert "xx" not in str(refused.value)
    assert not (tmp_path / LOGINS).exists()


def test_a_file_of_logins_is_never_a_document(tmp_path: Path) -> None:
    for name in (LOGINS, ".logins.txt", "logins", "keys"):
        load_settings(tmp_path, environment={}, flags={"logins": str(tmp_path / name)})
        passwords.write_login(tmp_path / name, "ada", PASSWORD)
    assert scan(tmp_path)[0] == []
    for name in ("logins.txt", "sub/logins.md", "a.b"):
        with pytest.raises(ConfigError, match="begins with a dot or has no extension"):
            load_settings(tmp_path, environment={}, flags={"logins": name})


def test_a_file_named_in_the_settings_stands_beside_them(tmp_path: Path) -> None:
    (tmp_path / "scoqa.toml").write_text('logins = "private/keys"\n', encoding="utf-8")
    settings = load_settings(tmp_path, environment={})
    assert settings.logins == str(tmp_path / "private" / "keys")


# -- who is asked -------------------------------------------------------------------------------


def test_without_a_login_only_this_machine_is_served(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert passwords.find_logins(settled(tmp_path, host=host), {}) == {}
    for host in ("0.0.0.0", "::", "192.168.1.5", "fe80::1", "::ffff:10.0.0.1", "128.0.0.1"):
        with pytest.raises(LoginError, match="the chat needs a login there") as refused:
            passwords.find_logins(settled(tmp_path, host=host), {})
        assert host in str(refused.value) and "scoqa password NAME" in str(refused.value)


def test_a_login_opens_the_other_addresses(tmp_path: Path) -> None:
    passwords.write_login(tmp_path / LOGINS, "ada", PASSWORD)
    assert list(passwords.find_logins(settled(tmp_path, host="0.0.0.0"), {})) == ["ada"]
    found = passwords.find_logins(settled(tmp_path), {"SCOQA_PASSWORD": PASSWORD})
    assert list(found) == ["ada", "scoqa"]
    assert passwords.check_password(found, "scoqa", PASSWORD)


def test_a_login_that_cannot_be_read_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(LoginError, match="cannot be read"):
        passwords.find_logins(settled(tmp_path, logins=str(tmp_path / "gone")), {})
    (tmp_path / LOGINS).write_text("# nobody\n", encoding="utf-8")
    with pytest.raises(LoginError, match="contains no login"):
        passwords.find_logins(settled(tmp_path), {})
    with pytest.raises(LoginError, match="SCOQA_PASSWORD: The password is too short"):
        passwords.find_logins(settled(tmp_path, logins=LOGINS), {"SCOQA_PASSWORD": ""})


def test_the_application_is_locked_whoever_builds_it(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    passwords.write_login(tmp_path / LOGINS, "ada", PASSWORD)
    client = TestClient(build_application(settled(tmp_path)), base_url="http://localhost")
    assert client.get("/config").status_code == 401


@pytest.mark.skipif(os.name != "posix", reason="files have no mode for others elsewhere")
def test_a_file_that_others_may_read_is_said_at_the_start_and_not_refused(tmp_path: Path) -> None:
    file = tmp_path / "my keys"
    workspace = settled(tmp_path, logins=str(file))
    passwords.write_login(file, "ada", PASSWORD)
    assert cli._security_hints(workspace) == []
    for mode in (0o640, 0o604, 0o620):
        file.chmod(mode)
        assert list(passwords.find_logins(workspace, {})) == ["ada"]
        assert cli._security_hints(workspace) == [
            "Other accounts of this machine can access the file with the logins. Restrict it with: "
            f"chmod 600 '{file}'"
        ]
    assert cli._security_hints(settled(tmp_path)) == [], "there is no such file"


# -- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "1.2.3", "0", "", "127.0.0.1:80", "a b", "[::1"])
def test_a_host_that_is_no_address_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match=r"host = "):
        load_settings(tmp_path, environment={}, flags={"host": host})


def test_an_address_is_written_as_a_browser_writes_it(tmp_path: Path) -> None:
    hosts = ("127.0.0.1", "0.0.0.0", "::", "[::1]", "FE80:0::1%eth0", "localhost", "10.0.0.7")
    settings = [load_settings(tmp_path, environment={}, flags={"host": each}) for each in hosts]
    assert [url_host(each.host) for each in settings] == [
        "127.0.0.1", "127.0.0.1", "[::1]", "[::1]", "[fe80::1]", "localhost", "10.0.0.7",
    ]  # fmt: skip
    assert [is_local(each.host) for each in settings] == [
        True,
        False,
        False,
        True,
        False,
        True,
        False,
    ]
    assert [is_wildcard(each.host) for each in settings] == [False, True, True, *[False] * 4]


def test_the_next_free_port_of_an_ipv6_address_is_taken() -> None:
    with listen("::1", 17900) as first, listen("::1", 17900) as second:
        assert first.family == second.family == socket.AF_INET6
        assert second.getsockname()[1] > first.getsockname()[1]


def test_every_address_means_ipv4_too() -> None:
    with listen("::", 17950) as both:
        socket.create_connection(("127.0.0.1", both.getsockname()[1]), 5).close()
        socket.create_connection(("::1", both.getsockname()[1]), 5).close()


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ScoqaError, match=r"cannot be served at 192\.0\.2\.1"):
        listen("192.0.2.1", 17900)


# -- the commands -------------------------------------------------------------------------------


def scoqa(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SCOQA_")}
    return subprocess.run(
        [sys.executable, "-m", "scoqa", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, **{"env": environment, **options},
    )  # fmt: skip


def test_the_chat_is_not_served_beyond_this_machine_without_a_login(folder: Path) -> None:
    for host in ("0.0.0.0", "::"):
        done = scoqa("chat", folder, "--host", host)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"scoqa: Other machines reach {host}, so the chat needs a login there. Add one with "
            f"scoqa password NAME --workspace {folder}, or leave out the host to serve only "
            "this machine.\n"
        )
    assert not (folder / "embeddings").exists(), "it is said before anything is done"


def test_a_password_is_read_as_a_line_where_there_is_no_terminal(folder: Path) -> None:
    done = scoqa("password", "ada", "--workspace", folder, input=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert PASSWORD not in done.stderr
    assert passwords.check_password(passwords.read_logins(folder / LOGINS), "ada", PASSWORD)
    elsewhere = folder / "keys"
    done = scoqa("password", "bob", "-w", folder, "--file", elsewhere, input=PASSWORD)
    assert done.returncode == 0
    assert list(passwords.read_logins(elsewhere)) == ["bob"]
    assert list(passwords.read_logins(folder / LOGINS)) == ["ada"]


@pytest.mark.parametrize("typed", ["", "\n", "short\n"])
def test_a_short_password_is_refused_with_the_reason(folder: Path, typed: str) -> None:
    done = scoqa("password", "ada", "--workspace", folder, input=typed)
    assert done.returncode == 2
    assert "at least 15 characters" in done.stderr
    assert not (folder / LOGINS).exists()


def test_a_file_that_would_become_a_document_is_refused(folder: Path) -> None:
    done = scoqa("password", "ada", "-w", folder, "--file", folder / "keys.txt", input=PASSWORD)
    assert done.returncode == 2
    assert "begins with a dot or has no extension" in done.stderr
    assert not (folder / "keys.txt").exists()


@pytest.mark.parametrize(("second", "code"), [(PASSWORD, 0), ("another one with words", 2)])
def test_a_terminal_is_asked_twice_and_shows_nothing(folder: Path, second: str, code: int) -> None:
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "scoqa", "password", "ada", "-w", folder],
        stdin=inside, stdout=inside, stderr=inside, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(inside)
        shown = b""
        for question, typed in (
            (b"Password for ada: ", PASSWORD),
            (b"Repeat the password: ", second),
        ):
            while question not in shown:
                shown += os.read(terminal, 1024)
            os.write(terminal, f"{typed}\n".encode())
        while chunk := _rest(terminal):
            shown += chunk
        assert process.wait(30) == code
    os.close(terminal)
    assert PASSWORD.encode() not in shown and second.encode() not in shown
    assert (folder / LOGINS).exists() == (code == 0)


def _rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1024)
    except OSError:  # the other end is closed
        return b""

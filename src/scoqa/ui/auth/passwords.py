"""Logins: names with salted password hashes, from a file or the environment.

Input: a Workspace. Output: logins by name, and whether a password is right. A password is never
stored, printed or included in an error.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import shlex
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scoqa.config import LOGINS
from scoqa.errors import LoginError
from scoqa.ui.address import is_local

if TYPE_CHECKING:
    from scoqa.workspace import Workspace

VARIABLE = "SCOQA_PASSWORD"
NAME_OF_VARIABLE = "scoqa"  # the login name that the variable's password belongs to

# The minimum length if a password is the only factor: NIST SP 800-63B-4, 3.1.1.2 (OWASP ASVS 5.0,
# 6.2.1, recommends the same). Length slows down guessing; there are no rules on kinds of
# characters, because the same sources advise against them.
LEAST_CHARACTERS = 15
# The time of NFKC is quadratic in the number of consecutive accents, so input from the network is
# limited in length first.
MOST_CHARACTERS = 1024
MOST_NAME_CHARACTERS = 64

# OWASP's Password Storage Cheat Sheet calls several settings equally strong, from N = 2^17, p = 1
# (128 MiB) to N = 2^13, p = 10 (8 MiB). This is the one with 32 MiB, because the models need memory
# too. It takes 0.26 s on one core. Each line of the file contains its settings, so that a later
# version can raise them.
_N, _R, _P = 2**15, 8, 3
_MEMORY = 2 * 128 * _N * _R
_SALT_BYTES, _KEY_BYTES = 16, 32
_KIND = f"scrypt:{_N}:{_R}:{_P}"

# Writing takes milliseconds; only a writer that was suspended makes others wait this long.
_LOCK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class SaltedPassword:
    """A password as it is stored: its salt, and the key that scrypt derives from both."""

    salt: bytes
    key: bytes


Logins = Mapping[str, SaltedPassword]

# Compared with the password of an unknown name, so that the check takes as long as for a known one.
_UNKNOWN_NAME = SaltedPassword(secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_KEY_BYTES))


def salt_password(password: str) -> SaltedPassword:
    """Return `password` with a new salt. Raises LoginError if it is too short or too long."""
    if len(password) < LEAST_CHARACTERS:
        raise LoginError(
            "The password is too short: it is the only protection of the documents, so it needs "
            f"at least {LEAST_CHARACTERS} characters. Four or five unrelated words are easy to "
            "remember."
        )
    if len(password) > MOST_CHARACTERS:
        raise LoginError(f"The password is too long: at most {MOST_CHARACTERS} characters.")
    fresh = secrets.token_bytes(_SALT_BYTES)
    return SaltedPassword(fresh, _scrypt(password, fresh))


def check_password(logins: Logins, name: str, password: str) -> bool:
    """Return whether `password` is that of `name`; the time does not reveal whether `name` exists.

    Takes a quarter of a second and 32 MiB; do not call it in an event loop.
    """
    if len(password) > MOST_CHARACTERS:
        return False
    known = logins.get(name)
    salted = _UNKNOWN_NAME if known is None else known
    same = hmac.compare_digest(salted.key, _scrypt(password, salted.salt))
    return same and known is not None


def _scrypt(password: str, salt: bytes) -> bytes:
    # NFKC makes passwords typed on different keyboards equal (NIST SP 800-63B-4, 3.1.1.2).
    data = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=_KEY_BYTES)


def logins_file(workspace: Workspace) -> Path:
    """Return the path of the logins of `workspace`; the file need not exist."""
    name = workspace.settings.logins
    return workspace.root / name if name == LOGINS else Path(name).absolute()


def find_logins(
    workspace: Workspace,
    environment: Mapping[str, str] | None = None,
    *,
    given: Logins | None = None,
) -> Logins:
    """Return the logins of `workspace`; an empty result means that no login is required.

    Parameters
    ----------
    environment
        Defaults to the process's; SCOQA_PASSWORD is the password of the login `scoqa`.
    given
        Logins that the caller already has; if there are any, they are returned.

    Raises
    ------
    LoginError
        The file or the password cannot be used, or there is no login although other machines reach
        the host of the settings.
    """
    if given:
        return given
    settings = workspace.settings
    file = logins_file(workspace)
    has_file = settings.logins != LOGINS or os.path.lexists(file)
    logins = dict(read_logins(file)) if has_file else {}
    password = (os.environ if environment is None else environment).get(VARIABLE)
    if password is not None:
        try:
            logins[NAME_OF_VARIABLE] = salt_password(password)
        except LoginError as error:
            raise LoginError(f"{VARIABLE}: {error}") from None
    add = ["scoqa", "password", "NAME"]
    if workspace.root != Path.cwd():
        add += ["--workspace", str(workspace.root)]
    if has_file and not logins:
        raise LoginError(f"{file} contains no login. Add one with: {shlex.join(add)}")
    if not logins and not is_local(settings.host):
        raise LoginError(
            f"Other machines reach {settings.host}, so the chat needs a login there. Add one with "
            f"{shlex.join(add)}, or leave out the host to serve only this machine."
        )
    return logins


def is_open_to_others(file: Path) -> bool:
    """Return whether other accounts of this machine may read, write or execute `file`.

    False if it does not exist, and on Windows, whose files have no such mode.
    """
    try:
        return os.name == "posix" and bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def read_logins(file: Path) -> Logins:
    """Return the logins in `file`: lines of a name and a salted password; `#` starts a comment.

    Raises LoginError, which names the file and the line but quotes none of its content.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LoginError(
            f"{file} cannot be read: {error.strerror}. It should contain the logins; "
            "scoqa password NAME writes it."
        ) from error
    except UnicodeDecodeError:
        raise LoginError(f"{file} is not UTF-8. Write it with: scoqa password NAME") from None
    logins: dict[str, SaltedPassword] = {}
    for number, line in enumerate(map(normalize_name, text.split("\n")), 1):
        if not line or line.startswith("#"):
            continue
        login = _parse_line(line)
        if login is None:
            raise LoginError(
                f"{file}, line {number}: expected a name and a salted password. Remove the line, "
                "and write it with: scoqa password NAME"
            )
        name, salted = login
        if name in logins:
            raise LoginError(f"{file}, line {number}: this name occurs twice. Remove one.")
        logins[name] = salted
    return logins


def _parse_line(line: str) -> tuple[str, SaltedPassword] | None:
    """Return the name and salted password in `line`, or None if it is malformed."""
    name, _, rest = line.partition(":")
    kind, _, values = rest.partition(f"{_KIND}:")
    if kind or not is_valid_name(name):
        return None
    try:
        salt, key = (base64.b64decode(value, validate=True) for value in values.split(":"))
    except ValueError:
        return None
    if (len(salt), len(key)) != (_SALT_BYTES, _KEY_BYTES):
        return None
    return name, SaltedPassword(salt, key)


def normalize_name(name: str) -> str:
    """Return a name, or a line, in the form in which it is compared: stripped, accents composed."""
    return unicodedata.normalize("NFC", name.strip())


def is_valid_name(name: str) -> bool:
    """Return whether `name` can be a login: short, printable, without a colon or white space."""
    return (
        0 < len(name) <= MOST_NAME_CHARACTERS
        and name.isprintable()
        and not name.startswith("#")
        and not any(character.isspace() or character == ":" for character in name)
    )


def write_login(file: Path, name: str, password: str) -> None:
    """Add the login `name` to `file`, or replace it; only the file's owner may read the file.

    All other lines are preserved, even if several processes write at the same time. The file is
    replaced atomically. Raises LoginError if the name, the password or the file cannot be used.
    """
    name = normalize_name(name)
    if not is_valid_name(name):
        raise LoginError(
            f"A name has 1 to {MOST_NAME_CHARACTERS} visible characters, no space, no colon, and "
            "does not start with #."
        )
    salted = salt_password(password)
    values = (base64.b64encode(value).decode() for value in (salted.salt, salted.key))
    file = Path(os.path.realpath(file))  # the target of a link, so that the link is preserved
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _lock(file):
            _replace(file, _lines_with(file, name, ":".join((name, _KIND, *values))))
    except OSError as error:
        raise LoginError(f"{file} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Hold the lock on `file`, which all processes share; it is released if its holder dies.

    Raises LoginError if another process holds it for _LOCK_SECONDS, and OSError.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(_hidden_sibling(file, ".lock"), timeout=_LOCK_SECONDS, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise LoginError(
            f"{file} is being written by another process. Wait for it to end, and try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _lines_with(file: Path, name: str, login: str) -> list[str]:
    """Return the lines of `file`, with `login` in place of the line of `name`, or at the end."""
    lines: list[str] = []
    if os.path.lexists(file):
        read_logins(file)  # reports a damaged line now, not at the chat's next start
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    # Normalized, because an editor may have written decomposed accents.
    prefix = f"{name}:"
    indexes = [at for at, line in enumerate(lines) if normalize_name(line).startswith(prefix)]
    if indexes:
        lines[indexes[0]] = login
    else:
        while lines and not lines[-1].strip():
            del lines[-1]
        lines += [login, ""]
    return lines


def _replace(file: Path, lines: list[str]) -> None:
    """Write `lines` to a temporary file and atomically replace `file`. Raises OSError."""
    temporary = _hidden_sibling(file, f"-{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write("\n".join(lines))
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def _hidden_sibling(file: Path, suffix: str) -> Path:
    """Return a hidden path in the folder of `file`, which is never indexed as a document."""
    return file.with_name(f".{file.name.lstrip('.')}{suffix}")

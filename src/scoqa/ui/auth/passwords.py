"""Who may log in: names with salted passwords, from a file or the environment.

Receives a Workspace; hands on logins by name, and whether a password is theirs. A password is
never kept, printed or part of an error.
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
NAME_OF_VARIABLE = "scoqa"

# The least length where a password is all that is asked for: NIST SP 800-63B-4, 3.1.1.2 (OWASP
# ASVS 5.0, 6.2.1, recommends the same). Length is what makes guessing slow; no rules on kinds of
# characters, which the same places advise against.
LEAST_CHARACTERS = 15
# Sorting the accents of a text for NFKC is quadratic in their number: what came over the network
# is measured first.
MOST_CHARACTERS = 1024
MOST_NAME_CHARACTERS = 64

# Of the settings that OWASP's Password Storage Cheat Sheet calls equally strong, from
# N = 2^17, p = 1 (128 MiB) to N = 2^13, p = 10 (8 MiB), the one with 32 MiB: the models want the
# memory too. 0.26 s on one core. They stand in each line, so that a later version can raise them.
_N, _R, _P = 2**15, 8, 3
_MEMORY = 2 * 128 * _N * _R
_SALT_BYTES, _KEY_BYTES = 16, 32
_KIND = f"scrypt:{_N}:{_R}:{_P}"

# Writing takes milliseconds; only a writer that was stopped on its way keeps others this long.
_LOCK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Salted:
    """A password as it is kept: its salt, and what scrypt made of both."""

    salt: bytes
    key: bytes


Logins = Mapping[str, Salted]

# What an unknown name is compared with, so that it takes as long as a known one.
_NOBODY = Salted(secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_KEY_BYTES))


def salt(password: str) -> Salted:
    """Return `password` salted anew. Raises LoginError if it is too short or too long."""
    if len(password) < LEAST_CHARACTERS:
        raise LoginError(
            f"The password is too short: it stands alone between the documents and whoever "
            f"guesses, so it needs at least {LEAST_CHARACTERS} characters. Four or five words "
            "that do not belong together are easy to keep in mind."
        )
    if len(password) > MOST_CHARACTERS:
        raise LoginError(f"The password is too long: at most {MOST_CHARACTERS} characters.")
    fresh = secrets.token_bytes(_SALT_BYTES)
    return Salted(fresh, _scrypt(password, fresh))


def matches(logins: Logins, name: str, password: str) -> bool:
    """Return whether `password` is that of `name`, in the same time whether `name` exists or not.

    Takes a quarter of a second and 32 MiB: not for an event loop.
    """
    if len(password) > MOST_CHARACTERS:
        return False
    known = logins.get(name)
    salted = _NOBODY if known is None else known
    same = hmac.compare_digest(salted.key, _scrypt(password, salted.salt))
    return same and known is not None


def _scrypt(password: str, salt: bytes) -> bytes:
    # NFKC: the same password typed on another keyboard (NIST SP 800-63B-4, 3.1.1.2).
    data = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=_KEY_BYTES)


def file_of(workspace: Workspace) -> Path:
    """Return the file of the logins of `workspace`, whether it exists or not."""
    name = workspace.settings.logins
    return workspace.root / name if name == LOGINS else Path(name).absolute()


def find(workspace: Workspace, environment: Mapping[str, str] | None = None) -> Logins:
    """Return the logins of `workspace`; none means that no login is asked for.

    environment: defaults to the process's; its SCOQA_PASSWORD is that of the login `scoqa`.
    Raises LoginError when the file or the password cannot be used, and when there is no login
    although other machines reach the address that the chat is to bind.
    """
    settings = workspace.settings
    file = file_of(workspace)
    asked_for = settings.logins != LOGINS or os.path.lexists(file)
    logins = dict(read(file)) if asked_for else {}
    password = (os.environ if environment is None else environment).get(VARIABLE)
    if password is not None:
        try:
            logins[NAME_OF_VARIABLE] = salt(password)
        except LoginError as error:
            raise LoginError(f"{VARIABLE}: {error}") from None
    add = ["scoqa", "password", "NAME"]
    if workspace.root != Path.cwd():
        add += ["--workspace", str(workspace.root)]
    if asked_for and not logins:
        raise LoginError(f"{file} holds no login. Add one with: {shlex.join(add)}")
    if not logins and not is_local(settings.host):
        raise LoginError(
            f"Other machines reach {settings.host}, so the chat needs a login there. Add one with "
            f"{shlex.join(add)}, or leave out the host to serve this machine alone."
        )
    return logins


def is_open_to_others(file: Path) -> bool:
    """Return whether other accounts of this machine may do anything with `file`, if it exists.

    False on Windows, whose files have no such mode.
    """
    try:
        return os.name == "posix" and bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def read(file: Path) -> Logins:
    """Return the logins in `file`: lines of a name and a salted password; `#` begins a comment.

    Raises LoginError, naming file and line but nothing that stands there.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LoginError(
            f"{file} cannot be read: {error.strerror}. It should hold the logins; "
            "scoqa password NAME writes it."
        ) from error
    except UnicodeDecodeError:
        raise LoginError(f"{file} is not UTF-8. Write it with: scoqa password NAME") from None
    logins: dict[str, Salted] = {}
    for number, line in enumerate(map(named, text.split("\n")), 1):
        if not line or line.startswith("#"):
            continue
        login = _parsed(line)
        if login is None:
            raise LoginError(
                f"{file}, line {number}: this is no name with a salted password. Remove the line, "
                "and write it with: scoqa password NAME"
            )
        name, salted = login
        if name in logins:
            raise LoginError(f"{file}, line {number}: this name stands here twice. Remove one.")
        logins[name] = salted
    return logins


def _parsed(line: str) -> tuple[str, Salted] | None:
    name, _, rest = line.partition(":")
    kind, _, values = rest.partition(f"{_KIND}:")
    if kind or not is_name(name):
        return None
    try:
        first, second = (base64.b64decode(each, validate=True) for each in values.split(":"))
    except ValueError:
        return None
    if (len(first), len(second)) != (_SALT_BYTES, _KEY_BYTES):
        return None
    return name, Salted(first, second)


def named(typed: str) -> str:
    """Return a name, or a line, as it is compared: without spaces around it, accents composed."""
    return unicodedata.normalize("NFC", typed.strip())


def is_name(name: str) -> bool:
    """Return whether `name` can be that of a login: short, visible, without a colon or space."""
    return (
        0 < len(name) <= MOST_NAME_CHARACTERS
        and name.isprintable()
        and not name.startswith("#")
        and not any(each.isspace() or each == ":" for each in name)
    )


def write(file: Path, name: str, password: str) -> None:
    """Put the line of `name` into `file`, for its owner's eyes only, in place of an older one.

    The other lines stay, also those that others write at the same time. Written beside and moved,
    so that nobody ever reads half a file.
    Raises LoginError when name, password or file cannot be used.
    """
    name = named(name)
    if not is_name(name):
        raise LoginError(
            f"A name has 1 to {MOST_NAME_CHARACTERS} visible characters, no space, no colon, and "
            "no # at its beginning."
        )
    salted = salt(password)
    values = (base64.b64encode(each).decode() for each in (salted.salt, salted.key))
    file = Path(os.path.realpath(file))  # through a link, so that the link stays
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file):
            _replace(file, _with(file, name, ":".join((name, _KIND, *values))))
    except OSError as error:
        raise LoginError(f"{file} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Let nobody else write `file` meanwhile, in any process; its holder's death frees it.

    Raises LoginError when another one does not let go of it, OSError.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(_beside(file, ".lock"), timeout=_LOCK_SECONDS, mode=0o600)
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


def _with(file: Path, name: str, fresh: str) -> list[str]:
    """Return the lines of `file` with `fresh` in place of that of `name`, or as the last."""
    lines: list[str] = []
    if os.path.lexists(file):
        read(file)  # a damaged line is said now, not at the chat's next start
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    # As they are read: an editor may have written the accents of a name in another way.
    places = [place for place, line in enumerate(lines) if named(line).startswith(f"{name}:")]
    if places:
        lines[places[0]] = fresh
    else:
        while lines and not lines[-1].strip():
            del lines[-1]
        lines += [fresh, ""]
    return lines


def _replace(file: Path, lines: list[str]) -> None:
    """Write `lines` beside `file` and move them there. Raises OSError."""
    beside = _beside(file, f"-{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write("\n".join(lines))
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def _beside(file: Path, end: str) -> Path:
    """Return a place beside `file` that is never taken for a document."""
    return file.with_name(f".{file.name.lstrip('.')}{end}")

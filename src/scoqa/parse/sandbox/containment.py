"""What a parser process is not given: the environment of its parent, sockets, other programs.

Input: the environment; the system calls of the platform. Output: a reduced environment, and a
filter of system calls in the kernel. Memory, files and time are limited in `worker` and `pool`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Mapping

# The variables that starting Python, finding its modules and libraries, and decoding names take.
# All others, such as passwords and keys, stay in the parent.
VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
    "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONUTF8",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "SYSTEMROOT", "WINDIR", "APPDATA", "USERPROFILE", "TEMP", "TMP",  # Windows
)  # fmt: skip


def reduced_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of `environment` that a parser process gets."""
    return {name: environment[name] for name in VARIABLES if name in environment}


# The numbers of the calls in the tables of the kernel (arch/x86/entry/syscalls/syscall_64.tbl,
# include/uapi/asm-generic/unistd.h): socket, io_uring_setup (which can open sockets), execve,
# execveat, ptrace, process_vm_readv, process_vm_writev, pidfd_getfd (takes files of a process).
_FORBIDDEN = {
    "x86_64": (0xC000003E, (41, 425, 59, 322, 101, 310, 311, 438)),
    "aarch64": (0xC00000B7, (198, 425, 221, 281, 117, 270, 271, 438)),
}
_X32_CALLS = 0x4000_0000  # on x86_64, the same calls have a second set of numbers from here

# Constants of prctl(2), seccomp(2) and the instructions of its filters (linux/filter.h).
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_CALL_OFFSET, _MACHINE_OFFSET = 0, 4  # in struct seccomp_data


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def forbid_system_calls() -> bool:
    """Let the kernel refuse sockets, other programs and other processes' memory from now on.

    Works without root on Linux on x86-64 and ARM64, in this thread and all that it starts, and
    cannot be undone. Returns False, having changed nothing of importance, where it does not.
    """
    if sys.platform != "linux" or platform.machine() not in _FORBIDDEN:
        return False
    machine, calls = _FORBIDDEN[platform.machine()]
    last = len(calls)  # instructions between the first comparison of a call and "allow"
    listing = [
        (_LOAD, 0, 0, _MACHINE_OFFSET),
        (_EQUAL, 0, last + 3, machine),  # a 32-bit program's numbers: refused
        (_LOAD, 0, 0, _CALL_OFFSET),
        (_AT_LEAST, last + 1, 0, _X32_CALLS),
        *((_EQUAL, last - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    instructions = (_Instruction * len(listing))(*(_Instruction(*line) for line in listing))
    program = _Program(len(listing), instructions)
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return False
    zero = ctypes.c_ulong(0)
    if prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero):
        return False
    return not prctl(_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(program), zero, zero)

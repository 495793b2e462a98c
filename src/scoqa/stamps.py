"""Recognize a file that has not changed since its bytes were last read.

Input: the state of a file, from `os.stat`. Output: a stamp to compare with an earlier one.
"""

from __future__ import annotations

import os

# A file that was modified less than this before it was read could be modified once more without a
# new modification time (git: "racily clean"). The coarsest clock of a file system in use is that of
# FAT: two seconds.
CLOCK_STEP_NS = 2 * 10**9


def file_stamp(state: os.stat_result) -> str:
    """Return the size, the modification time in nanoseconds and the inode of a file, as one string.

    A file with the same stamp as before has very probably the same bytes. A string, because
    inodes and times may exceed the integers of a database.
    """
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ino}"


def is_settled(state: os.stat_result, read_ns: int) -> bool:
    """Return whether a file in this state, read at `read_ns`, cannot change without a new stamp.

    read_ns: a time before its bytes were read, in nanoseconds.
    """
    return state.st_mtime_ns < read_ns - CLOCK_STEP_NS

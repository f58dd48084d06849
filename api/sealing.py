"""Keeping this process from the network for good, by a filter in the system's kernel (seccomp, Linux).

Query engines and parsers are native code with an HTTP client inside. What they are given is refused before it gets
there where it would reach out; this is for what nobody thought of.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from typing import Final

_SET_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | errno.EACCES
_NUMBER_AT, _MACHINE_AT = 0, 4
"""Where the number of the call and the machine stand in what the kernel shows to a filter (struct seccomp_data)."""
_CALLS: Final[dict[str, tuple[int, int]]] = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""For each machine its mark (AUDIT_ARCH_…) and the number of socket(2)."""


def can_deny() -> bool:
    """Returns whether this system is one whose kernel can be asked."""
    return sys.platform == "linux" and platform.machine() in _CALLS


def deny_sockets() -> bool:
    """Makes every later attempt of this process and its threads to open a socket fail; it cannot be undone.

    Returns:
        Whether that holds from now on.
    """
    if not can_deny():
        return False
    machine, number = _CALLS[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_IF_EQUAL, 0, 3, machine),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_IF_EQUAL, 0, 1, number),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    filter_ = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(program)))
    control = ctypes.CDLL(None, use_errno=True).prctl
    control.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if control(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(control(_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(filter_), 0, 0) == 0)

"""How the C library and Python keep memory, for a server of many threads."""

import ctypes
import gc

# Parameters of glibc's mallopt (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# A little more than the 7 MB of one password hash (identity/sign_in/passwords.py).
_LARGE_BYTES = 8 * 1024 * 1024


def give_memory_back() -> None:
    """Return large pieces to the system as soon as they are freed, and share the rest between threads.

    Left alone, glibc keeps what a password hash needs for every thread. Two such pieces stay: to ask the system for the
    memory of each hash would cost a third of the hash. Called once the start is over, it also returns what migrating
    and seeding took. Without effect where there is no glibc.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _LARGE_BYTES)
        libc.mallopt(_ARENA_MAX, 2)
        libc.malloc_trim(0)


def keep_what_is_loaded() -> None:
    """Let Python no longer look for garbage in what the start brought: modules, mappers, routes stay for good.

    Looking through all of it takes a tenth of a second, in the middle of somebody's page.
    """
    gc.collect()
    gc.freeze()

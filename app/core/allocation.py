"""How the C library and Python keep memory, for a server of many threads."""

import ctypes
import gc

# Parameters of glibc's mallopt (malloc.h).
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE_BYTES = 1024 * 1024


def give_memory_back() -> None:
    """Return large pieces to the system as soon as they are freed, and share the rest between threads.

    Left alone, glibc keeps for every thread the 19 MB one password hash needs: 130 MB after the first sign-ins. Called
    once the start is over, it also returns what migrating and seeding took. Without effect where there is no glibc.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        libc.mallopt(_ARENA_MAX, 2)
        libc.malloc_trim(0)


def keep_what_is_loaded() -> None:
    """Let Python no longer look for garbage in what the start brought: modules, mappers, routes stay for good.

    Looking through all of it takes a tenth of a second, in the middle of somebody's page.
    """
    gc.collect()
    gc.freeze()

"""Passwords that are quick to compare: thousands of people sign in to these tests.

That it is slow on purpose elsewhere is held by tests/identity/test_sign_in.py.
"""

from argon2 import PasswordHasher

from app.identity.sign_in import passwords

REAL_HASHER = passwords._HASHER


def make_quick() -> None:
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

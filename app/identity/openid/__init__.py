"""Signing in with an OpenID Connect provider: what is said to it, what it says, and whom that lets in."""

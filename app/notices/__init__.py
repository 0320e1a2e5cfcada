"""Telling people what happened or is due: an inbox for everybody, email for who wants it; SMS and Zalo as ports."""

"""A learner's page as the preview's frame shows it: what leads to a lesson or its quiz leads to the preview of it, and
everything else is off for all to see. Pure.

Only pages drawn by our own templates come here: they escape “>” in attributes, so a tag ends where it seems to.
"""

import re
from collections.abc import Callable
from html import escape, unescape

from app.core.i18n import gettext as _

# Where an address of the learner's leads in the preview; empty for what does not run there.
Leads = Callable[[str], str]

_TAG = re.compile(r"<(a|form|button|/form)\b([^>]*)>")


def framed(page: str, leads: Leads) -> str:
    """The same page with its links, forms and buttons turned to where they lead."""
    in_form_that_runs = False

    def turned(tag: re.Match[str]) -> str:
        nonlocal in_form_that_runs
        name, given = tag.groups()
        if name == "a":
            return f"<a{_turned_link(given, leads)}>"
        if name == "/form":
            in_form_that_runs = False
            return tag.group()
        attribute = "action" if name == "form" else "formaction"
        address = _value(given, attribute)
        to = leads(address) if address else ""
        if name == "form":
            in_form_that_runs = bool(to)
            return f"<form{_with(given, attribute, to)}>" if to else tag.group()
        if address and to:
            return f"<button{_with(given, attribute, to)}>"
        return tag.group() if in_form_that_runs and not address else f"<button{given} disabled>"

    return _TAG.sub(turned, page)


def _turned_link(given: str, leads: Leads) -> str:
    address = _value(given, "href")
    if not address or address.startswith("#"):
        return given
    if to := leads(address):
        return _with(given, "href", to)
    off = {"role": "link", "aria-disabled": "true", "title": _("Không mở được trong khung xem thử")}
    return _with(given, "href", "") + "".join(f' {name}="{escape(said)}"' for name, said in off.items())


def _value(given: str, attribute: str) -> str:
    found = re.search(rf'\s{attribute}="([^"]*)"', given)
    return unescape(found.group(1)) if found else ""


def _with(given: str, attribute: str, value: str) -> str:
    """The attributes with another value of this one; without it where the value is empty."""
    said = f' {attribute}="{escape(value)}"' if value else ""
    return re.sub(rf'\s{attribute}="[^"]*"', lambda _found: said, given, count=1)

"""Deadlines as a calendar file (RFC 5545): to download, or for a calendar program to fetch by a secret address."""

from datetime import timedelta
from urllib.parse import urljoin

from icalendar import Alarm, Calendar, Event
from sqlalchemy.orm import Session

from app.assignments.my_queries import MyAssignment, my_assignments
from app.core import clock, keys
from app.core.i18n import gettext as _
from app.core.settings import get_settings


def calendar_token(person_id: int) -> str:
    """What opens one person's deadlines without signing in; it opens nothing else."""
    return f"{person_id}.{keys.sign('calendar', str(person_id))}"


def read_calendar_token(token: str) -> int | None:
    """The person, or None for a token that is not ours."""
    person_id, _dot, tag = token.partition(".")
    return int(person_id) if keys.signature_fits("calendar", person_id, tag) else None


def deadlines_file(db: Session, person_id: int) -> bytes:
    """A whole-day event for each deadline still to meet, with a reminder three days before."""
    calendar = Calendar()
    calendar.add("prodid", "-//Hoc So//VI")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Hạn học của tôi"))
    for assignment in my_assignments(db, person_id):
        if assignment.state != "done":
            calendar.add_component(_event(assignment))
    content: bytes = calendar.to_ical()
    return content


def _event(assignment: MyAssignment) -> Event:
    settings = get_settings()
    event = Event()
    # The same deadline keeps its name when it is moved, so that a calendar moves it as well.
    event.add("uid", f"assignment-{assignment.member_id}@hocso")
    event.add("dtstamp", clock.now())
    event.add("dtstart", assignment.due_on)
    event.add("dtend", assignment.due_on + timedelta(days=1))
    event.add("summary", _("Hạn học: %(title)s", title=assignment.title))
    event.add("url", urljoin(settings.public_url, f"/courses/{assignment.slug}"))
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _("Hạn học: %(title)s", title=assignment.title))
    alarm.add("trigger", timedelta(days=-3))
    event.add_component(alarm)
    return event

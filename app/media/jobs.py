"""Background work of this domain, by the names rows of the queue carry."""

from app.core.jobs import JobFunction
from app.media.transcode import transcode

JOBS: dict[str, JobFunction] = {"media.transcode": transcode}

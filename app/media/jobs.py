"""Background work of this domain, by the names rows of the queue carry."""

from app.core.jobs import JobFunction
from app.media.sweeping import sweep
from app.media.transcode import transcode
from app.media.uploads.service import forget_uploads

JOBS: dict[str, JobFunction] = {
    "media.transcode": transcode, "media.sweep": sweep, "media.forget_uploads": forget_uploads,
}  # fmt: skip

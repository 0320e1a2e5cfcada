"""Background work of this domain, by the names rows of the queue carry."""

from app.core.jobs import JobFunction
from app.media.converting import convert
from app.media.publishing import forget_replaced
from app.media.renewal import renew
from app.media.sounding import sound_out
from app.media.sweeping import sweep
from app.media.transcode import transcode
from app.media.uploads.service import forget_uploads

JOBS: dict[str, JobFunction] = {
    "media.transcode": transcode,
    "media.convert": convert,
    "media.sound": sound_out,
    "media.renew": renew,
    "media.forget_replaced": forget_replaced,
    "media.sweep": sweep,
    "media.forget_uploads": forget_uploads,
}

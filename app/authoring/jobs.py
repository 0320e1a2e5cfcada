"""Background work of authoring."""

from app.authoring import drafting, question_files, slide_videos, tidying
from app.core.jobs import JobFunction

JOBS: dict[str, JobFunction] = {
    "authoring.forget_drafts": drafting.forget_drafts,
    "authoring.forget_uploads": question_files.forget_uploads,
    "authoring.tidy_drafts": tidying.tidy_drafts,
    "authoring.slide_video": slide_videos.make,
}

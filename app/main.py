"""create_app(), and the only list of all domains: pages, event handlers, jobs, body limits."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial

import anyio.to_thread
from fastapi import APIRouter, Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.routing import BaseRoute

from app import __version__
from app.admin import access_pages, audit_sealing, embed_pages, health, mail_pages, media_quota_pages, upkeep
from app.admin import pages as admin_pages
from app.assignments import handlers as assignments
from app.assignments import jobs as assignment_jobs
from app.assignments import my_pages as my_assignment_pages
from app.assignments import pages as assignment_pages
from app.assignments import personal as assignments_personal
from app.authoring import (
    bank_pages,
    caption_pages,
    course_pages,
    history_pages,
    lesson_draft_pages,
    lesson_pages,
    lesson_quiz_pages,
    library_pages,
    office_pages,
    outline_pages,
    question_file_pages,
    slide_pages,
    statistics_pages,
    translation_pages,
    upload_pages,
    zip_pages,
)
from app.authoring import info_pages as course_info_pages
from app.authoring import jobs as authoring_jobs
from app.authoring import pages as studio_pages
from app.authoring import personal as authoring_personal
from app.authoring.review import comment_pages, learner_pages
from app.authoring.review import pages as review_pages
from app.catalogue import handlers as catalogue
from app.catalogue import pages as catalogue_pages
from app.catalogue.banks import pictures_in_use
from app.certificates import desk_pages as certificate_desk_pages
from app.certificates import file_jobs as certificate_file_jobs
from app.certificates import handlers as certificates
from app.certificates import jobs as certificate_jobs
from app.certificates import pages as certificate_pages
from app.certificates import personal as certificates_personal
from app.certificates import register, verify_pages
from app.classes import attendee_lists
from app.classes import pages as class_pages
from app.classes import personal as classes_personal
from app.classes import queries as class_queries
from app.community import pages as community_pages
from app.community import personal as community_personal
from app.core import events
from app.core.attachments import DOCX, ODP, ODS, ODT, PDF, PPTX, XLSX
from app.core.csrf import check_token
from app.core.door import Door
from app.core.error_answers import install_error_handlers
from app.core.jobs import JobFunction, Worker
from app.core.lane import Lane, Table
from app.core.middleware import BodyLimit, Surroundings
from app.core.personal import Holding
from app.core.settings import Settings
from app.core.static import StaticFiles
from app.core.templating import STATIC_DIR
from app.core.turns import Turns
from app.core.web import answer_head, identify
from app.coverage import handlers as coverage
from app.coverage import jobs as coverage_jobs
from app.coverage import personal as coverage_personal
from app.coverage.dashboard import comparing_pages, figure_evidence_pages, heat_pages, map_change_pages, trend_pages
from app.coverage.dashboard import pages as coverage_pages
from app.coverage.declared import denominator_pages
from app.coverage.exports import api as export_api
from app.coverage.exports import api_pages, export_pages, token_pages
from app.coverage.exports import making as export_jobs
from app.coverage.exports.tokens import TokenLog
from app.coverage.indicators import definition_pages, draft_pages, plan_pages
from app.coverage.indicators import previewing as indicator_previews
from app.coverage.open_data import making as open_data_jobs
from app.coverage.open_data import open_data_pages
from app.coverage.planning import (
    campaign_pages,
    commendation_pages,
    expert_pages,
    need_pages,
    nomination_pages,
    quota_pages,
    spending_pages,
)
from app.coverage.planning import plan_pages as year_plan_pages
from app.coverage.programmes import programme_pages
from app.coverage.reports import people_form_pages, report_pages
from app.coverage.reports import schedules as report_schedules
from app.coverage.rounds import answer_pages as declaration_pages
from app.coverage.rounds import reminding as declaration_reminders
from app.coverage.rounds import round_pages
from app.exams import desk_pages as exam_desk_pages
from app.exams import jobs as exam_jobs
from app.exams import marking_pages as exam_marking_pages
from app.exams import marking_queries as exam_marking
from app.exams import my_pages as my_exam_pages
from app.exams import personal as exams_personal
from app.exams import queries as exam_queries
from app.exams import room_pages as exam_room_pages
from app.holdings import EARNED, HELD_BY_PEOPLE, HOLDINGS
from app.identity import jobs as identity_jobs
from app.identity import personal as identity_personal
from app.identity.codes import code_pages, issuing_pages, slip_pages
from app.identity.events import (
    AccountReopened,
    AccountsIdle,
    AffiliationsChanged,
    PeopleMerged,
    PeopleUnmerged,
    ResetCodeIssued,
    RoleChanged,
    SecondFactorRemoved,
    UnitsReorganised,
)
from app.identity.imports import pages as import_pages
from app.identity.imports import undoing
from app.identity.imports import unit_pages as import_unit_pages
from app.identity.lists import one_person_pages
from app.identity.openid import openid_pages
from app.identity.openid.provider import Provider
from app.identity.people import merge_pages, people_pages, post_pages, twins
from app.identity.roles import grant_pages
from app.identity.second_factor import factor_pages, second_step_pages
from app.identity.shared_phone import seat_pages
from app.identity.sign_in import account_pages, accounts
from app.identity.sign_in.access_log import AccessLog
from app.identity.sign_in.last_seen import LastSeen
from app.identity.units import naming_pages, reorganisation_pages, reorganising, unit_list_pages, unit_pages
from app.learning import (
    answer_file_pages,
    evidence_list_pages,
    evidence_pages,
    guest_pages,
    guest_sign_up_pages,
    marking_pages,
    practical_pages,
    quiz_pages,
    renewals,
)  # fmt: skip
from app.learning import api as progress_api
from app.learning import jobs as learning_jobs
from app.learning import pages as learning_pages
from app.learning import personal as learning_personal
from app.learning.answering import answer_committer
from app.learning.events import CompletionAnnulled, CoursesCompleted
from app.learning.finishing import finish_committer
from app.learning.saving import progress_committer
from app.learning.waiting import tell_of_work
from app.media import jobs as media_jobs
from app.media import keeping
from app.media import pages as media_pages
from app.media.events import DocumentReady
from app.media.uploads import pages as arriving_pages
from app.notices import contact_pages, reset_pages
from app.notices import handlers as notices
from app.notices import jobs as notice_jobs
from app.notices import pages as notice_pages
from app.notices import personal as notices_personal
from app.notices.queries import unread_count
from app.portal import desk_pages, info_pages, teaching_pages
from app.portal import pages as portal_pages
from app.privacy import desk_pages as privacy_desk_pages
from app.privacy import jobs as privacy_jobs
from app.privacy import my_pages as my_data_pages
from app.privacy import personal as privacy_personal
from app.privacy.holdings import wire_holdings
from app.runtime import Runtime
from app.timetable import CRONS

PAGES = (
    portal_pages, desk_pages, info_pages, account_pages, openid_pages, second_step_pages, factor_pages, seat_pages,
    code_pages,
    reorganisation_pages, unit_list_pages, naming_pages, unit_pages, slip_pages, import_pages, import_unit_pages,
    merge_pages, people_pages, one_person_pages, post_pages, grant_pages, issuing_pages,
    catalogue_pages, learning_pages, quiz_pages, answer_file_pages, practical_pages, marking_pages, guest_pages,
    guest_sign_up_pages, evidence_list_pages, evidence_pages, class_pages, exam_desk_pages, exam_room_pages,
    exam_marking_pages, my_exam_pages, certificate_desk_pages, certificate_pages, verify_pages, question_file_pages,
    statistics_pages, bank_pages, library_pages, course_pages, zip_pages, studio_pages, outline_pages,
    course_info_pages, review_pages, comment_pages, learner_pages, lesson_pages, lesson_quiz_pages, caption_pages,
    translation_pages, slide_pages, upload_pages, office_pages, history_pages, lesson_draft_pages,
    arriving_pages, heat_pages, comparing_pages, map_change_pages,
    coverage_pages, trend_pages, figure_evidence_pages, definition_pages, denominator_pages, plan_pages, draft_pages,
    round_pages, declaration_pages,
    programme_pages, year_plan_pages, need_pages, quota_pages, nomination_pages, spending_pages, campaign_pages,
    expert_pages, commendation_pages, export_pages, people_form_pages, report_pages, token_pages, api_pages,
    export_api, open_data_pages, assignment_pages, my_assignment_pages, notice_pages, contact_pages, reset_pages,
    community_pages, teaching_pages, mail_pages, media_quota_pages, embed_pages, access_pages, admin_pages,
    my_data_pages, privacy_desk_pages,
)  # fmt: skip
# No form tokens here: delivery of files, health, and the hot routes, which check their own.
# Asked first, the hottest in front: finding a route costs a few microseconds for each one passed over.
BARE = (progress_api, media_pages, health)

# Who hears what, in this order, in the transaction of the fact.
HANDLERS: list[tuple[type[events.Event], events.Handler]] = [
    (DocumentReady, catalogue.fill_document),
    (CoursesCompleted, certificates.issue_on_completion),
    (CoursesCompleted, coverage.count_completion),
    (CoursesCompleted, renewals.renew_on_completion),
    (CoursesCompleted, assignments.note_completion),
    (CompletionAnnulled, certificates.revoke_on_annulment),
    (CompletionAnnulled, coverage.count_annulment),
    (CompletionAnnulled, renewals.annul_renewals),
    (CompletionAnnulled, assignments.note_annulment),
    (AffiliationsChanged, coverage.count_affiliations),
    (AffiliationsChanged, assignments.note_affiliations),
    (PeopleMerged, coverage.count_merge),
    (PeopleUnmerged, coverage.count_merge),
    (PeopleMerged, assignments.note_merge),
    (PeopleUnmerged, assignments.note_merge),
    (UnitsReorganised, assignments.note_reorganisation),
    (UnitsReorganised, coverage.count_reorganisation),
    (ResetCodeIssued, notices.tell_of_reset_code),
    (SecondFactorRemoved, notices.tell_of_removed_factor),
    (RoleChanged, notices.tell_of_role),
    (AccountsIdle, notices.tell_of_idle_accounts),
    (AccountReopened, notices.tell_of_reopened_account),
]

# Whose papers the register can take together.
GROUPS: dict[str, register.Group] = {"class": class_queries.people_present, "exam": exam_queries.candidate_ids}

# What every domain holds about people, as they read it; erasing goes the other way, identity last.
PERSONAL: tuple[Holding, ...] = tuple(
    domain.PERSONAL
    for domain in (
        identity_personal, learning_personal, certificates_personal, assignments_personal, classes_personal,
        exams_personal, community_personal, authoring_personal, notices_personal, coverage_personal, privacy_personal,
    )
)  # fmt: skip

JOBS: dict[str, JobFunction] = (
    identity_jobs.JOBS
    | notice_jobs.JOBS
    | assignment_jobs.JOBS
    | media_jobs.JOBS
    | learning_jobs.JOBS
    | authoring_jobs.JOBS
    | certificate_jobs.JOBS
    | certificate_file_jobs.JOBS
    | attendee_lists.JOBS
    | exam_jobs.JOBS
    | coverage_jobs.JOBS
    | indicator_previews.JOBS
    | declaration_reminders.JOBS
    | export_jobs.JOBS
    | open_data_jobs.JOBS
    | report_schedules.JOBS
    | upkeep.JOBS
    | audit_sealing.JOBS
    | privacy_jobs.JOBS
    # Essays of exams wait in the queue of all essays, and learning knows no exams.
    | {"learning.tell_of_work": partial(tell_of_work, more={"marking": exam_marking.waiting_count})}
)

_FORM_BYTES = 2 * 1024 * 1024
# Compressed already, as pictures and videos are: once more saves nothing and costs CPU and the length of the download.
_AS_THEY_ARE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, PDF, DOCX, XLSX, PPTX, ODT, ODP, ODS)


def wire() -> None:
    """Tell the domains of each other what they cannot import; every process does it once."""
    events.wire(HANDLERS)
    register.wire_groups(GROUPS)
    reorganising.wire_holdings(HOLDINGS)
    wire_holdings(PERSONAL)
    twins.wire_earned(EARNED)
    undoing.wire_holdings(HELD_BY_PEOPLE)
    keeping.wire_keepers((pictures_in_use,))


def create_app(runtime: Runtime) -> FastAPI:
    """The web application; `app.state` carries settings, database, storage and the committers.

    Whoever opened the runtime closes it, after the application has ended.
    """
    settings = runtime.settings
    wire()
    # Nobody collects the framework's telemetry; asking whether somebody does would cost every request.
    silent: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
    app = FastAPI(title="Học Số", version=__version__, lifespan=_lifespan, openapi_url=None, telemetry=silent)
    app.state.settings = settings
    app.state.database = runtime.database
    app.state.storage = runtime.storage
    app.state.turns = Turns.for_pool(settings.db_pool_size, one_writer=runtime.database.is_sqlite)
    app.state.progress_committer = progress_committer(runtime.database)
    app.state.answer_committer = answer_committer(runtime.database)
    app.state.finish_committer = finish_committer(runtime.database)
    app.state.access_log = AccessLog(runtime.database)
    app.state.last_seen = LastSeen(runtime.database)
    app.state.token_log = TokenLog(runtime.database)
    app.state.provider = Provider(settings) if settings.oidc_issuer else None
    app.state.waiting_elsewhere = exam_marking.waiting_sittings
    app.state.after_sign_in = guest_pages.after_sign_in
    app.state.load_actor = partial(accounts.load_actor, saw=app.state.last_seen.saw, count_unread=unread_count)
    app.router.routes += routes()
    app.mount("/static", StaticFiles(STATIC_DIR), name="static")
    app.add_middleware(Lane, table=_lane_table())
    install_error_handlers(app)
    limits = [
        ("/uploads", settings.resumable_limit_bytes),
        ("/studio/", settings.upload_limit_bytes + _FORM_BYTES),
        ("/people/imports", 20 * _FORM_BYTES),
        ("/evidence/lists", 20 * _FORM_BYTES),
        ("/classes/", 20 * _FORM_BYTES),
        ("/exams/", 20 * _FORM_BYTES),
        ("/my/evidence", 6 * _FORM_BYTES),
        # Three files of ten megabytes.
        ("/attempts/", 16 * _FORM_BYTES),
        # A scan of ten megabytes.
        ("/reports/", 6 * _FORM_BYTES),
        ("/certificates/forms", 2 * _FORM_BYTES),
        ("/verify/file", 2 * _FORM_BYTES),
        ("/declarations/", 6 * _FORM_BYTES),
        # A paper of ten megabytes.
        ("/plan/", 6 * _FORM_BYTES),
        ("/campaigns", 6 * _FORM_BYTES),
        # A paper of ten megabytes, and a list.
        ("/denominators/", 12 * _FORM_BYTES),
        ("/", _FORM_BYTES),
    ]
    app.add_middleware(BodyLimit, limits=limits)
    app.add_middleware(Surroundings, secure_cookies=settings.session_cookie_secure)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4, exclude_content_types=_AS_THEY_ARE)
    app.add_middleware(Door, routes=[*progress_api.router.routes, *media_pages.router.routes])
    return app


@cache
def routes() -> Sequence[BaseRoute]:
    """Of every application of the process: to work out what each of them needs takes a fifth of a second."""
    router = APIRouter()
    for routes in (*PAGES, *BARE):
        answer_head(routes.router)
    for bare in BARE:
        router.include_router(bare.router)
    for module in PAGES:
        router.include_router(module.router, dependencies=[Depends(identify), Depends(check_token)])
    return router.routes


@cache
def _lane_table() -> Table:
    return Table(routes())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    # More threads than connections would wait for each other (TECH, traps).
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.db_pool_size
    worker = Worker(app.state.database, app.state.storage, JOBS, CRONS)
    committers = (
        app.state.progress_committer, app.state.answer_committer, app.state.finish_committer, app.state.last_seen,
        app.state.token_log, app.state.access_log,
    )  # fmt: skip
    for committer in committers:
        committer.start()
    worker.start(settings.workers)
    try:
        yield
    finally:
        worker.stop()
        for committer in committers:
            committer.stop()

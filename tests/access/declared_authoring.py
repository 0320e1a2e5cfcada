"""Routes of the studio, the banks of questions, and coverage."""

from tests.access.calls import (
    AUTHORS,
    EVERYBODY,
    FORBIDDEN,
    HIDDEN,
    IMPORTERS,
    MANAGER,
    MANAGERS,
    MANAGERS_HERE,
    PROVINCE_AUTHORS,
    PROVINCE_REVIEWERS,
    PUBLISHERS,
    REPORTERS,
    SIGNED_IN,
    Declared,
    act,
    page,
)
from tests.access.world import (
    ANSWER,
    BANK_TITLE,
    CLOSED_SLUG,
    CLOSED_TITLE,
    COLLEAGUE_NAME,
    DRAFT,
    DRAFT_TITLE,
    HERE,
    READ,
    REPORT_SUBJECT,
    SLUG,
)
from tests.authoring.conftest import BODY

_ANSWER = "/declarations/{round_id}/units/{unit_id}"
_ANSWER_HERE = "/declarations/{declaration_round}/units/{declaring_unit}"
LESSON = {
    "base_version": "{base_version}",
    "module": "01-mo-dau",
    "title": "Ký số trên điện thoại",
    "minutes": "12",
    "objectives": "Ký được một công văn trên điện thoại.",
    "role": "Anh Bình, công chức địa chính",
    "body": BODY,
    "source_title": "Luật Giao dịch điện tử",
    "source_ref": "Luật số 20/2023/QH15",
    "source_url": "",
    "picture_alt": "Màn hình điện thoại có nút Ký số",
}

# Authors elsewhere do not find the course; who writes none is told so.
_NOT_THEIRS = {"other_author": HIDDEN}
_BANK = "/studio/banks/{bank}"
_QUESTION = {"text": "Ký số là gì?", "explanation": "Là ký bằng chứng thư số.", "answer": "true", "revision": "1"}
_BANKS = (
    page("/studio/banks", AUTHORS, secret=BANK_TITLE, told_to=PROVINCE_AUTHORS),
    act("/studio/banks", PROVINCE_AUTHORS, form={"title": "Ngân hàng mới", "belongs": "course:{course}"},
        refused=_NOT_THEIRS),
    page("/studio/banks/template.xlsx", AUTHORS),
    page("/studio/banks/{key}", PROVINCE_AUTHORS, _BANK, refused=_NOT_THEIRS, secret=BANK_TITLE,
         told_to=PROVINCE_AUTHORS),
    page("/studio/banks/{key}/questions/new", PROVINCE_AUTHORS, f"{_BANK}/questions/new", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/questions/new", PROVINCE_AUTHORS, f"{_BANK}/questions/new?kind=true_false",
        refused=_NOT_THEIRS, form=_QUESTION),
    page("/studio/banks/{key}/questions/{question_key}", PROVINCE_AUTHORS, f"{_BANK}/questions/{{bank_question}}",
         refused=_NOT_THEIRS),
    act("/studio/banks/{key}/questions/{question_key}", PROVINCE_AUTHORS, f"{_BANK}/questions/{{bank_question}}",
        refused=_NOT_THEIRS, form=_QUESTION),
    page("/studio/banks/{key}/questions/{question_key}/preview", PROVINCE_AUTHORS,
         f"{_BANK}/questions/{{bank_question}}/preview", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/questions/{question_key}/retire", PROVINCE_AUTHORS,
        f"{_BANK}/questions/{{bank_question}}/retire", refused=_NOT_THEIRS, form={"retired": "true"}),
    act("/studio/banks/{key}/questions/{question_key}/copy", PROVINCE_AUTHORS,
        f"{_BANK}/questions/{{bank_question}}/copy", refused=_NOT_THEIRS, form={"to": "{bank}"}),
    page("/studio/banks/{key}/import", PROVINCE_AUTHORS, f"{_BANK}/import", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/import", PROVINCE_AUTHORS, f"{_BANK}/import", refused=_NOT_THEIRS,
        files={"file": ("cau-hoi.gift", "gift")}),
    page("/studio/banks/{key}/imports/{upload_id}", PROVINCE_AUTHORS, f"{_BANK}/imports/{{bank_upload}}",
         refused=_NOT_THEIRS),
    act("/studio/banks/{key}/imports/{upload_id}", PROVINCE_AUTHORS, f"{_BANK}/imports/{{bank_upload}}",
        refused=_NOT_THEIRS),
    page("/studio/banks/{key}/imports/{upload_id}/result.xlsx", PROVINCE_AUTHORS,
         f"{_BANK}/imports/{{bank_upload}}/result.xlsx", refused=_NOT_THEIRS),
    page("/studio/banks/{key}/export", PROVINCE_AUTHORS, f"{_BANK}/export", refused=_NOT_THEIRS),
    page("/studio/banks/{key}/export/{format_name}", PROVINCE_AUTHORS, f"{_BANK}/export/gift", refused=_NOT_THEIRS),
    page("/studio/banks/{key}/statistics", PROVINCE_AUTHORS, f"{_BANK}/statistics", refused=_NOT_THEIRS),
    act("/studio/banks/{key}/statistics", PROVINCE_AUTHORS, f"{_BANK}/statistics", refused=_NOT_THEIRS),
    page("/studio/{slug}/lessons/{key}/statistics", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{ANSWER}/statistics",
         refused=_NOT_THEIRS),
    act("/studio/{slug}/lessons/{key}/statistics", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{ANSWER}/statistics",
        refused=_NOT_THEIRS),
)  # fmt: skip

_STUDIO = (
    page("/studio", AUTHORS | PROVINCE_REVIEWERS, secret=CLOSED_TITLE, told_to=PROVINCE_REVIEWERS),
    page("/studio/{slug}", PROVINCE_REVIEWERS, f"/studio/{SLUG}", refused=_NOT_THEIRS, secret=DRAFT_TITLE,
         told_to=PROVINCE_REVIEWERS),
    page("/studio/{slug}/lessons/{key}/preview", PROVINCE_REVIEWERS, f"/studio/{SLUG}/lessons/{DRAFT}/preview",
         refused=_NOT_THEIRS, secret=DRAFT_TITLE, told_to=PROVINCE_REVIEWERS),
    page("/studio/{slug}/lessons/new", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/new", refused=_NOT_THEIRS),
    act("/studio/{slug}/lessons/new", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/new", refused=_NOT_THEIRS,
        form=LESSON, files={"picture": ("nut-ky.png", "picture")}),
    page("/studio/{slug}/lessons/{key}/edit", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{DRAFT}/edit",
         refused=_NOT_THEIRS, secret=DRAFT_TITLE, told_to=PROVINCE_AUTHORS),
    act("/studio/{slug}/lessons/{key}/edit", PROVINCE_AUTHORS, f"/studio/{SLUG}/lessons/{READ}/edit",
        refused=_NOT_THEIRS, form=LESSON, files={"picture": ("nut-ky.png", "picture")}),
    page("/studio/{slug}/publish", PROVINCE_AUTHORS, f"/studio/{SLUG}/publish", refused=_NOT_THEIRS),
    act("/studio/{slug}/publish", PUBLISHERS, f"/studio/{CLOSED_SLUG}/publish", refused=_NOT_THEIRS,
        form={"number": "1"}),
    act("/studio/{slug}/videos/{public_id}/cancel", PROVINCE_AUTHORS, f"/studio/{SLUG}/videos/{{running_video}}/cancel",
        refused=_NOT_THEIRS),
    act("/studio/{slug}/videos/{public_id}/retry", PROVINCE_AUTHORS, f"/studio/{SLUG}/videos/{{stopped_video}}/retry",
        refused=_NOT_THEIRS),
    page("/media/{public_id}/{name}", EVERYBODY, "/media/{public_picture}", case="published",
         why_open="pictures of published courses"),
    page("/media/{public_id}/{name}", PROVINCE_REVIEWERS, "/media/{draft_picture}", case="draft", anonymous=HIDDEN,
         others=HIDDEN),
)  # fmt: skip

# Colleagues do not find what somebody is sending.
_HERS = dict.fromkeys(AUTHORS - {"author"}, HIDDEN)
_TUS = {"tus-resumable": "1.0.0"}
_BYTES = _TUS | {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
_BEGINNING = {"upload-length": "10", "upload-metadata": "filename YS5wbmc=,kind aW1hZ2U="}
_UPLOAD = "/uploads/{upload_id}"
_UPLOADS = (
    *(
        Declared(method, "/uploads", "/uploads", EVERYBODY, why_open="limits are no secret", answers=(204,))
        for method in ("GET", "OPTIONS")
    ),
    act("/uploads", PROVINCE_AUTHORS, f"/uploads?course={SLUG}", refused=_NOT_THEIRS, headers=_TUS | _BEGINNING,
        content=b"", answers=(201,)),
    page(_UPLOAD, frozenset({"author"}), "/uploads/{upload}", refused=_HERS, headers=_TUS),
    Declared("PATCH", _UPLOAD, "/uploads/{upload}", frozenset({"author"}), refused=_HERS, headers=_BYTES, content=b"",
             answers=(204,)),
    Declared("DELETE", _UPLOAD, "/uploads/{upload}", frozenset({"author"}), refused=_HERS, headers=_TUS, content=b"",
             answers=(204,)),
    act(_UPLOAD, frozenset({"author"}), "/uploads/{upload}", refused=_HERS, content=b"", answers=(204,),
        headers=_BYTES | {"x-http-method-override": "PATCH"}),
    act(f"{_UPLOAD}/finish", frozenset({"author"}), "/uploads/{taken_upload}/finish", refused=_HERS, headers=_TUS,
        content=b"", answers=(200,)),
)  # fmt: skip

_KEY, _BEARER = "whoever holds the key of a unit", {"authorization": "Bearer {api_key}"}
_COVERAGE = (
    page("/coverage", SIGNED_IN, why_open="sums name nobody", secret=COLLEAGUE_NAME),
    page("/coverage/table.{format}", SIGNED_IN, "/coverage/table.csv", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    *(
        page(path, SIGNED_IN, url, why_open="sums name nobody", secret=COLLEAGUE_NAME)
        for path, url in (
            ("/coverage/heat", "/coverage/heat"), ("/coverage/heat.{format}", "/coverage/heat.csv"),
            ("/coverage/compare", "/coverage/compare"), ("/coverage/reorganisations", "/coverage/reorganisations"),
            ("/coverage/{indicator}/trend", f"/coverage/BG-CBCC/trend?unit={HERE}"),
        )
    ),
    page("/coverage/{indicator}/evidence.zip", MANAGERS_HERE | {"reporter"},
         f"/coverage/BG-CBCC/evidence.zip?unit={HERE}", secret=COLLEAGUE_NAME),
    page("/coverage/{indicator}/definition", SIGNED_IN, "/coverage/BG-NGUOIDAN/definition",
         why_open="how figures are counted is no secret", secret='action="/coverage/BG-NGUOIDAN/figures"',
         told_to=IMPORTERS),
    act("/coverage/{indicator}/figures", IMPORTERS, "/coverage/BG-NGUOIDAN/figures",
        form={"what": "result", "value": "72,5", "unit": "24", "as_of": "2026-01-10",
              "source": "Báo cáo khảo sát thử"}),
    page("/programmes", SIGNED_IN, why_open="sums name nobody", secret=COLLEAGUE_NAME),
    page("/programmes/table.{format}", SIGNED_IN, "/programmes/table.csv", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/programmes/{code}", SIGNED_IN, "/programmes/P04-NENTANG", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/indicators", SIGNED_IN, why_open="the plans are public"),
    page("/indicators/table.{format}", SIGNED_IN, "/indicators/table.csv", why_open="the plans are public"),
    page("/declarations", MANAGERS),
    page("/desk", REPORTERS),
    page("/declarations/new", IMPORTERS),
    act("/declarations", IMPORTERS, answers=(422,), form={"title": "Đợt thử"}),
    page("/declarations/{round_id}", IMPORTERS, "/declarations/{declaration_round}"),
    act("/declarations/{round_id}/remind", IMPORTERS, "/declarations/{declaration_round}/remind"),
    act("/declarations/{round_id}/approve", IMPORTERS, "/declarations/{declaration_round}/approve"),
    act("/declarations/{round_id}/total", IMPORTERS, "/declarations/{declaration_round}/total", answers=(409,)),
    act("/declarations/{round_id}/close", IMPORTERS, "/declarations/{declaration_round}/close"),
    page(_ANSWER, MANAGERS_HERE, _ANSWER_HERE, others=HIDDEN),
    act(_ANSWER, MANAGERS_HERE, _ANSWER_HERE, others=HIDDEN, form={"value-BG-STEM": "7", "act": "save"}),
    act(f"{_ANSWER}/reopen", MANAGERS_HERE, f"{_ANSWER_HERE}/reopen", others=HIDDEN, answers=(409,)),
    act(f"{_ANSWER}/decide", IMPORTERS, f"{_ANSWER_HERE}/decide", others=HIDDEN, refused={"manager": FORBIDDEN},
        form={"act": "approve"}, answers=(409,)),
    page(f"{_ANSWER}/papers/{{file_id}}", MANAGERS_HERE, f"{_ANSWER_HERE}/papers/{{declaration_file}}", others=HIDDEN),
    act(f"{_ANSWER}/papers/{{file_id}}/withdraw", MANAGERS_HERE, f"{_ANSWER_HERE}/papers/{{declaration_file}}/withdraw",
        others=HIDDEN),
    page("/indicators/new", IMPORTERS, "/indicators/new?based_on=BG-CBCC"),
    act("/indicators/drafts", IMPORTERS, answers=(422,), form={"code": "TH-THU"}),
    page("/indicators/drafts/{draft_id}", IMPORTERS, "/indicators/drafts/{indicator_draft}"),
    page("/indicators/drafts/{draft_id}/edit", IMPORTERS, "/indicators/drafts/{indicator_draft}/edit"),
    act("/indicators/drafts/{draft_id}", IMPORTERS, "/indicators/drafts/{indicator_draft}", answers=(422,)),
    act("/indicators/drafts/{draft_id}/confirm", IMPORTERS, "/indicators/drafts/{indicator_draft}/confirm"),
    act("/indicators/drafts/{draft_id}/discard", IMPORTERS, "/indicators/drafts/{indicator_draft}/discard"),
    page("/denominators", SIGNED_IN, why_open="sums name nobody", secret='href="/denominators/list"',
         told_to=IMPORTERS),
    page("/denominators/list", IMPORTERS),
    act("/denominators/list", IMPORTERS, form={"lines": "LDDN; 24; 350.000; 10/01/2026; Báo cáo thử số 05"}),
    page("/denominators/papers/{figure_id}", IMPORTERS, "/denominators/papers/{figure_paper}"),
    page("/denominators/{code}", SIGNED_IN, "/denominators/LDDN", why_open="sums name nobody",
         secret='href="/denominators/papers/{figure_paper}"', told_to=IMPORTERS),
    page("/denominators/{code}/template.xlsx", IMPORTERS, "/denominators/LDDN/template.xlsx"),
    act("/denominators/{code}", IMPORTERS, "/denominators/LDDN",
        form={"value": "350.000", "unit": "24", "as_of": "2026-01-10", "source": "Báo cáo thử số 05"}),
    page("/coverage/{indicator}", SIGNED_IN, f"/coverage/BG-CBCC?unit={HERE}", why_open="sums name nobody",
         secret=COLLEAGUE_NAME),
    page("/coverage/{indicator}/missing", MANAGERS, f"/coverage/BG-CBCC/missing?unit={HERE}", secret=COLLEAGUE_NAME,
         told_to=MANAGERS_HERE),
    page("/api-tokens", MANAGERS),
    page("/api-guide", EVERYBODY, why_open="says how programs read, nobody's data"),
    page("/api/v1/openapi.json", EVERYBODY, why_open="the same for machines"),
    page("/open-data", EVERYBODY, why_open="figures for everybody, without people"),
    page("/open-data/{month}/{name}", EVERYBODY, "/open-data/{open_month}/people.csv", why_open="the same"),
    act("/api-tokens", MANAGERS_HERE, form={"name": "Phần mềm", "unit": HERE, "scopes": "people", "days": "30"},
        answers=(200,), refused={"other_manager": 422}),
    act("/api-tokens/{token_id}/withdraw", MANAGERS_HERE, "/api-tokens/{api_token}/withdraw",
        refused={"other_manager": HIDDEN}),
    # Without the key nobody is let in, signed in or not: tests/coverage/test_api.py.
    page("/api/v1", EVERYBODY, why_open=_KEY, headers=_BEARER),
    page("/api/v1/coverage", EVERYBODY, "/api/v1/coverage?indicator=BG-CBCC", why_open=_KEY, headers=_BEARER),
    page("/api/v1/{table}", EVERYBODY, "/api/v1/completions", why_open=_KEY, headers=_BEARER),
    page("/exports", REPORTERS, secret='href="/exports/{ready_export}"', told_to=MANAGER),
    act("/exports", MANAGERS, form={"what": "completions", "format": "csv", "unit": HERE}, case="names"),
    act("/exports", REPORTERS, form={"what": "coverage", "format": "csv", "indicator": "BG-CBCC"}, case="figures"),
    page("/exports/{export_id}", MANAGER, "/exports/{ready_export}", refused=dict.fromkeys(REPORTERS, HIDDEN),
         secret="{certificate_number}", told_to=MANAGER),
    act("/exports/{export_id}/cancel", MANAGER, "/exports/{waiting_export}/cancel",
        refused=dict.fromkeys(REPORTERS, HIDDEN)),
)  # fmt: skip

_REPORT, _REPORT_DRAFT = "/reports/{report_issue}", "/reports/drafts/{report_draft}"
# Another unit's reports are not to be seen.
_NOT_HERE = {"other_manager": HIDDEN}
_PEOPLE_FILE = f"/reports/people/file.xlsx?course=THU01&first=2020-01-01&last={{today}}&unit={HERE}"
_WISH = {"forms": "B01", "period": "2026", "unit": HERE, "cut_off": "calendar"}
_REPORTS = (
    page("/reports", MANAGERS, secret=REPORT_SUBJECT, told_to=MANAGERS_HERE),
    page("/reports/new", MANAGERS),
    page("/reports/people", MANAGERS_HERE, f"/reports/people?course=THU01&unit={HERE}", refused=_NOT_HERE),
    act("/reports/people/file.{kind}", MANAGERS_HERE, _PEOPLE_FILE, refused=_NOT_HERE, answers=(200,)),
    act("/reports", MANAGERS_HERE, form=_WISH),
    act("/reports/schedules/{schedule_id}/end", MANAGERS_HERE, "/reports/schedules/{report_schedule}/end",
        refused=_NOT_HERE),
    page("/reports/drafts/{draft_id}", MANAGERS_HERE, _REPORT_DRAFT, refused=_NOT_HERE),
    act("/reports/drafts/{draft_id}", MANAGERS_HERE, _REPORT_DRAFT, refused=_NOT_HERE,
        form={"revision": "1", "subject": "Tên khác"}),
    act("/reports/drafts/{draft_id}/refresh", MANAGERS_HERE, f"{_REPORT_DRAFT}/refresh", refused=_NOT_HERE),
    act("/reports/drafts/{draft_id}/issue", MANAGERS_HERE, "/reports/drafts/{report_to_issue}/issue",
        refused=_NOT_HERE, form={"number": "17", "dated_on": "{today}"}),
    act("/reports/drafts/{draft_id}/discard", MANAGERS_HERE, "/reports/drafts/{report_to_discard}/discard",
        refused=_NOT_HERE),
    page("/reports/drafts/{draft_id}/file.{kind}", MANAGERS_HERE, f"{_REPORT_DRAFT}/file.xlsx", refused=_NOT_HERE),
    page("/reports/compare", MANAGERS_HERE, "/reports/compare?old={report_issue}&new={report_issue}",
         refused=_NOT_HERE),
    page("/reports/{issue_id}", MANAGERS_HERE, _REPORT, refused=_NOT_HERE, secret=REPORT_SUBJECT,
         told_to=MANAGERS_HERE),
    page("/reports/{issue_id}/file.{kind}", MANAGERS_HERE, f"{_REPORT}/file.json", refused=_NOT_HERE,
         secret=REPORT_SUBJECT, told_to=MANAGERS_HERE),
    act("/reports/{issue_id}/scans", MANAGERS_HERE, f"{_REPORT}/scans", refused=_NOT_HERE,
        files={"file": ("ban-ky.pdf", "pdf")}),
    page("/reports/{issue_id}/scans/{scan_id}", MANAGERS_HERE, f"{_REPORT}/scans/{{report_scan}}", refused=_NOT_HERE),
    act("/reports/{issue_id}/correct", MANAGERS_HERE, f"{_REPORT}/correct", refused=_NOT_HERE),
)  # fmt: skip

DECLARED = (
    *_BANKS,
    *_REPORTS,
    *_STUDIO,
    *_UPLOADS,
    *_COVERAGE,
)

"""Routes of the front pages, accounts, units and people, notices, and of operators."""

from tests import factories
from tests.access.calls import (
    EVERYBODY,
    HIDDEN,
    IMPORTER,
    IMPORTERS,
    LEARNER,
    MANAGERS,
    MANAGERS_HERE,
    OPERATORS,
    SIGNED_IN,
    act,
    page,
)
from tests.access.world import COLLEAGUE_NAME, DATA_TEXT, HERE, IMPORTED_NAME, LEARNER_NAME, NOTICE_TEXT, WORKBOOK_NAME

NEW_PASSWORD = "mot-mat-khau-khac-han-27"

_PORTAL = (
    page("/", EVERYBODY, why_open="the front door"),
    page("/about", EVERYBODY, why_open="explains the platform"),
    page("/help", EVERYBODY, why_open="help must not need an account"),
    page("/privacy", EVERYBODY, why_open="what happens to personal data is read before giving any"),
    page("/look", EVERYBODY, why_open="parts of the look, in a demo only"),
    page("/my", SIGNED_IN, why_open="one's own page", secret="{certificate_number}", told_to=LEARNER),
    act("/settings/look", EVERYBODY, why_open="a cookie of this browser", form={"theme": "dark", "next": "/"}),
    act("/settings/language", EVERYBODY, why_open="a cookie of this browser", form={"lang": "en", "next": "/"}),
)

_ACCOUNTS = (
    page("/sign-in", EVERYBODY, why_open="the door", answers=(200, 303)),
    act("/sign-in", EVERYBODY, why_open="the door", form={"name": "learner", "password": factories.PASSWORD}),
    page("/sign-up", EVERYBODY, why_open="an account of one's own", answers=(200, 303)),
    act("/sign-up", EVERYBODY, why_open="an account of one's own",
        form={"name": "Người Mới Đăng Ký", "contact": "moi@example.vn", "commune": "n07210", "group": "citizen",
              "password": NEW_PASSWORD, "agrees": "1"}),
    page("/sign-in/code", EVERYBODY, why_open="the door, for who has a one-time code"),
    act("/sign-in/code", EVERYBODY, why_open="the door, for who has a one-time code", form={"code": "2222-3333-4444"},
        answers=(422,)),
    # Nobody has brought the password of an account with a second factor: they are sent back to the first step.
    page("/sign-in/second", EVERYBODY, why_open="the second step of the door"),
    act("/sign-in/second", EVERYBODY, why_open="the second step of the door", form={"code": "123456"}, answers=(422,)),
    page("/account/second-factor", SIGNED_IN, why_open="one's own second factor"),
    act("/account/second-factor", SIGNED_IN, why_open="one's own second factor", answers=(403,),
        form={"secret": "AAAA", "tag": "made.up"}),
    act("/account/second-factor/change", SIGNED_IN, why_open="one's own second factor", answers=(422,),
        form={"act": "remove", "password": factories.PASSWORD, "code": "123456"}),
    page("/sign-in/forgot", EVERYBODY, why_open="the door, for who forgot their password"),
    # No mail server is set up there.
    act("/sign-in/forgot", EVERYBODY, why_open="the door, for who forgot their password", form={"name": "learner"},
        answers=(422,)),
    # No provider is set up here, so there are no such pages; tests/openid goes all the ways.
    *(page(path, EVERYBODY, why_open="the other door", answers=(404,))
      for path in ("/sign-in/provider", "/sign-in/provider/back", "/signed-out", "/sign-out/provider")),
    page("/account/provider", SIGNED_IN, why_open="one's own account", answers=(404,)),
    *(act(path, SIGNED_IN, why_open="one's own account", answers=(404,))
      for path in ("/account/provider", "/account/provider/unlink")),
    act("/sign-out", EVERYBODY, why_open="ends this browser's session, if it has one"),
    act("/sign-out/everywhere", SIGNED_IN, why_open="ends one's own sessions"),
    page("/account", SIGNED_IN, why_open="one's own account", secret=LEARNER_NAME, told_to=LEARNER),
    page("/account/shared-phone", SIGNED_IN, why_open="one's own PIN"),
    act("/account/shared-phone", SIGNED_IN, why_open="one's own PIN", answers=(303, 409),
        form={"password": factories.PASSWORD, "pin": "274913", "again": "274913"}),
    act("/account/shared-phone/leave", SIGNED_IN, why_open="one's own PIN"),
    page("/switch", EVERYBODY, why_open="who shares a phone signs in here", answers=(200, 303)),
    act("/switch", EVERYBODY, why_open="who shares a phone signs in here", form={"seat": "1", "pin": "274913"}),
    page("/account/password", SIGNED_IN, why_open="one's own password"),
    act("/account/password", SIGNED_IN, why_open="one's own password",
        form={"old": factories.PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}),
)  # fmt: skip

# Another administrator may import as well, but not see what this one imported.
_ANOTHERS = {"other_admin": HIDDEN}
_ELSEWHERE = {"other_manager": HIDDEN}
_UNITS_AND_PEOPLE = (
    page("/units", EVERYBODY, why_open="units are public facts"),
    page("/units/{code}", EVERYBODY, f"/units/{HERE}", why_open="units are public facts"),
    page("/units/named", MANAGERS, "/units/named?may=people.posts&unit=bac", is_part=True),
    page("/units/acts", IMPORTERS),
    page("/units/acts/new", IMPORTERS, f"/units/acts/new?unit={HERE}"),
    act("/units/acts", IMPORTERS, form={"unit": HERE, "verb": "create", "on": "01/11/2025", "decision": "02/QĐ-THU",
        "code": "THON-MOI", "name": "Thôn Mới", "kind": "village", "type_name": "Thôn"}),
    act("/units/acts/{act_id}/undo", IMPORTERS, "/units/acts/{unit_act}/undo"),
    page("/people", MANAGERS, secret=COLLEAGUE_NAME, told_to=MANAGERS_HERE),
    page("/people/{ref}/account", MANAGERS_HERE, "/people/{learner_ref}/account", refused=_ELSEWHERE,
         secret='action="/people/{learner_ref}/account/code"', told_to=MANAGERS_HERE),
    act("/people/{ref}/account/code", MANAGERS_HERE, "/people/{learner_ref}/account/code", refused=_ELSEWHERE,
        answers=(200,)),
    act("/people/{ref}/account/code", IMPORTERS, "/people/{instructor_ref}/account/code", case="of an instructor",
        refused=_ELSEWHERE, answers=(200,)),
    page("/people/{ref}", MANAGERS_HERE, "/people/{learner_ref}", refused=_ELSEWHERE,
         secret='href="/people/{learner_ref}/posts/new"', told_to=MANAGERS_HERE),
    page("/people/{ref}/posts/new", MANAGERS_HERE, "/people/{learner_ref}/posts/new", refused=_ELSEWHERE),
    act("/people/{ref}/posts/new", MANAGERS_HERE, "/people/{learner_ref}/posts/new", refused=_ELSEWHERE,
        form={"unit": HERE, "title": "Tổ trưởng", "starts_on": "01/11/2025"}),
    page("/people/{ref}/posts/{post_id}/change", MANAGERS_HERE, "/people/{learner_ref}/posts/{learner_post}/change",
         refused=_ELSEWHERE),
    act("/people/{ref}/posts/{post_id}/change", MANAGERS_HERE, "/people/{learner_ref}/posts/{learner_post}/change",
        refused=_ELSEWHERE, form={"unit": HERE, "title": "Phó phòng", "starts_on": "01/11/2026"}),
    page("/people/{ref}/posts/{post_id}/correct", MANAGERS_HERE, "/people/{learner_ref}/posts/{learner_post}/correct",
         refused=_ELSEWHERE),
    act("/people/{ref}/posts/{post_id}/correct", MANAGERS_HERE, "/people/{learner_ref}/posts/{learner_post}/correct",
        refused=_ELSEWHERE, form={"unit": HERE, "title": "Phó phòng", "starts_on": "01/01/2026"}),
    act("/people/{ref}/posts/{post_id}/end", MANAGERS_HERE, "/people/{learner_ref}/posts/{learner_post}/end",
        refused=_ELSEWHERE, form={"ends_on": "01/11/2026"}),
    # Nobody there has one: nothing to take away.
    act("/people/{ref}/account/second-factor/remove", IMPORTERS, "/people/{learner_ref}/account/second-factor/remove",
        refused=_ELSEWHERE, answers=(409,)),
    page("/people/slips", MANAGERS),
    act("/people/slips", MANAGERS_HERE, form={"unit": HERE}, refused={"other_manager": 422}),
    page("/people/slips/{sheet_id}.pdf", IMPORTER, "/people/slips/{slip_sheet}.pdf",
         refused=dict.fromkeys(MANAGERS - IMPORTER, HIDDEN)),
    page("/people/{ref}/roles", MANAGERS_HERE, "/people/{instructor_ref}/roles", refused=_ELSEWHERE,
         secret='action="/people/{instructor_ref}/roles"', told_to=MANAGERS_HERE),
    act("/people/{ref}/roles", MANAGERS_HERE, "/people/{learner_ref}/roles", refused=_ELSEWHERE,
        form={"role": "unit_manager", "unit": HERE}),
    # Only who holds all that an instructor may do decides on one.
    act("/people/{ref}/roles/{grant_id}/end", IMPORTERS, "/people/{instructor_ref}/roles/{instructor_grant}/end",
        refused=_ELSEWHERE, form={"at_once": "1"}),
    page("/units/{code}/roles", MANAGERS_HERE, f"/units/{HERE}/roles", refused=_ELSEWHERE,
         secret="/people/{instructor_ref}/roles", told_to=MANAGERS_HERE),
    page("/people/imports", IMPORTERS, secret=WORKBOOK_NAME, told_to=IMPORTER),
    page("/people/imports/template.xlsx", IMPORTERS),
    act("/people/imports", IMPORTERS, files={"file": ("danh-sach.xlsx", "workbook")}),
    page("/people/imports/{import_id}", IMPORTER, "/people/imports/{people_import}", refused=_ANOTHERS,
         secret=IMPORTED_NAME, told_to=IMPORTER),
    page("/people/imports/{import_id}/result.xlsx", IMPORTER, "/people/imports/{people_import}/result.xlsx",
         refused=_ANOTHERS),
    # By our template: there is nothing to choose.
    act("/people/imports/{import_id}/columns", IMPORTER, "/people/imports/{people_import}/columns", refused=_ANOTHERS,
        answers=(409,)),
    act("/people/imports/{import_id}/apply", IMPORTER, "/people/imports/{people_import}/apply", refused=_ANOTHERS),
)  # fmt: skip

_NOTICES = (
    page("/notices", SIGNED_IN, why_open="one's own inbox", secret=NOTICE_TEXT, told_to=LEARNER),
    act("/notices/{notice_id}/open", LEARNER, "/notices/{notice}/open", others=HIDDEN),
    act("/notices/read", SIGNED_IN, why_open="one's own inbox", form={"until": "{notice}"}),
    page("/notices/settings", SIGNED_IN, why_open="one's own choice"),
    act("/notices/settings", SIGNED_IN, why_open="one's own choice", form={"wanted": "due"}),
    page("/account/contacts/{kind}", SIGNED_IN, "/account/contacts/email", why_open="one's own email"),
    act("/account/contacts/{kind}/send", SIGNED_IN, "/account/contacts/email/send", why_open="one's own email",
        form={"contact": "moi.nua@example.vn", "password": factories.PASSWORD}, answers=(422,)),  # no mail server here
    act("/account/contacts/{kind}/confirm", SIGNED_IN, "/account/contacts/email/confirm", why_open="one's own email",
        form={"code": "000000"}, answers=(422,)),
    page("/contacts/{token}", EVERYBODY, "/contacts/{contact_token}", why_open="whoever holds the letter",
         secret=LEARNER_NAME, told_to=EVERYBODY),
    act("/contacts/{token}", EVERYBODY, "/contacts/{contact_token}", why_open="whoever holds the letter"),
    page("/notices/stop/{token}", EVERYBODY, "/notices/stop/{stop_token}", why_open="whoever holds the letter",
         secret=LEARNER_NAME, told_to=LEARNER),
    act("/notices/stop/{token}", EVERYBODY, "/notices/stop/{stop_token}", why_open="whoever holds the letter",
        answers=(200,)),
)  # fmt: skip

_PERSONAL_DATA = (
    page("/my/data", SIGNED_IN, why_open="one's own data", secret=DATA_TEXT, told_to=LEARNER),
    act("/my/data/copy", SIGNED_IN, why_open="one's own data"),
    page("/my/data/copies/{request_id}", LEARNER, "/my/data/copies/{data_copy}", others=HIDDEN),
    act("/my/data/requests", SIGNED_IN, why_open="one's own data", form={"kind": "see", "text": "Giữ gì về tôi?"}),
    act("/my/data/requests/{request_id}/cancel", LEARNER, "/my/data/requests/{data_question}/cancel", others=HIDDEN),
    act("/my/data/consents/{consent_id}/withdraw", LEARNER, "/my/data/consents/{consent}/withdraw", others=HIDDEN),
    page("/admin/privacy", OPERATORS, secret='"/admin/privacy/{data_question}"', told_to=OPERATORS),
    act("/admin/privacy", OPERATORS, form={"who": "other_learner", "kind": "see", "text": "Giữ gì về tôi?"}),
    page("/admin/privacy/{request_id}", OPERATORS, "/admin/privacy/{data_question}", secret=DATA_TEXT,
         told_to=OPERATORS),
    act("/admin/privacy/{request_id}/answer", OPERATORS, "/admin/privacy/{data_question}/answer",
        form={"answer": "Xem ở trang Dữ liệu của tôi.", "act": "grant"}),
    act("/admin/privacy/{request_id}/correct", OPERATORS, "/admin/privacy/{data_correction}/correct",
        form={"name": "Nguyễn Thị Đúng"}),
    act("/admin/privacy/{request_id}/withdraw", OPERATORS, "/admin/privacy/{data_withdrawal}/withdraw"),
    act("/admin/privacy/{request_id}/erase", OPERATORS, "/admin/privacy/{data_erasure}/erase"),
)  # fmt: skip

_ADMIN = (
    page("/admin", OPERATORS),
    page("/admin/mail", OPERATORS),
    act("/admin/mail/retry", OPERATORS),
    act("/admin/mail/trial", OPERATORS),
    page("/admin/jobs", OPERATORS),
    act("/admin/jobs/{job_id}/cancel", OPERATORS, "/admin/jobs/{queued_job}/cancel"),
    act("/admin/jobs/{job_id}/retry", OPERATORS, "/admin/jobs/{failed_job}/retry"),
    page("/admin/audit", OPERATORS),
    page("/admin/access", OPERATORS),
    act("/admin/access/file", OPERATORS, form={"format": "csv"}, answers=(200,)),
    page("/healthz", EVERYBODY, why_open="load balancers ask without an account"),
    page("/readyz", EVERYBODY, why_open="load balancers ask without an account"),
)

DECLARED = (
    *_PORTAL,
    *_ACCOUNTS,
    *_UNITS_AND_PEOPLE,
    *_NOTICES,
    *_PERSONAL_DATA,
    *_ADMIN,
)

"""Which tables name units, people or accounts, and what somebody is told of their rows before changing what they name.

Identity knows no domain above it: main.wire() hands it these lists.
"""

from app.core.i18n import lazy

# Tables that name units or posts, and what hangs on a reorganisation there; None: it follows the posts by itself.
HOLDINGS: dict[str, lazy | None] = {
    "completion_post": lazy("%(count)s vị trí trong kết quả hoàn thành"),
    "certificate": lazy("%(count)s giấy chứng nhận"),
    "declared_figure": lazy("%(count)s số khai báo"),
    "declaration_round": lazy("%(count)s đợt khai báo"),
    "unit_declaration": lazy("%(count)s khai báo của đơn vị"),
    "report_issue": lazy("%(count)s báo cáo đã ban hành"),
    "report_draft": lazy("%(count)s dự thảo báo cáo"),
    "report_schedule": lazy("%(count)s báo cáo tự lập"),
    "held_class": lazy("%(count)s lớp tập trung"),
    "exam_sitting": lazy("%(count)s buổi sát hạch"),
    "assignment": lazy("%(count)s lần giao học"),
    "help_request": lazy("%(count)s yêu cầu trợ giúp"),
    "course": lazy("%(count)s khóa học"),
    "question_bank": lazy("%(count)s ngân hàng câu hỏi"),
    "asset": lazy("%(count)s tệp ảnh hoặc video"),
    "upload": None,
    "media_quota": None,
    "api_token": lazy("%(count)s khóa truy cập cho phần mềm"),
    "plan_line": lazy("%(count)s dòng kế hoạch năm"),
    "plan_quota": lazy("%(count)s số giao theo quyết định"),
    "plan_nomination": lazy("%(count)s lần cử người theo kế hoạch năm"),
    "plan_spending": lazy("%(count)s khoản chi"),
    "campaign_activity": lazy("%(count)s hoạt động tuyên truyền"),
    "assignment_member": None,
    "coverage_entry": None,
    "coverage_rollup": None,
    "coverage_unsettled": None,
    "coverage_balance": None,
    "coverage_month": None,
    "coverage_place": None,
    "programme_sum": None,
}

# Tables that name people, and what those who compare two of them are told of their rows; None: nothing to tell.
EARNED: dict[str, lazy | None] = {
    "completion": lazy("%(count)s kết quả hoàn thành"),
    "certificate": lazy("%(count)s giấy chứng nhận"),
    "enrolment": lazy("%(count)s lần ghi danh"),
    "evidence": lazy("%(count)s minh chứng"),
    "attendance": lazy("%(count)s lần dự lớp tập trung"),
    "exam_candidate": lazy("%(count)s lần sát hạch"),
    "assignment_member": lazy("%(count)s lần được giao học"),
    "plan_nomination": lazy("%(count)s lần được cử theo kế hoạch năm"),
    "expert": lazy("%(count)s dòng trong sổ chuyên gia"),
    "report_recipient": None,
    "assignment_pick": None,
    "coverage_entry": None,
    "coverage_pending": None,
    "course_rating": None,
    "discussion_post": None,
    "help_request": None,
    "lesson_note": None,
    "notice": None,
    "notice_choice": None,
    "part_met": None,
    "discussion_report": None,
    "lesson_comment": None,
    "practical_verdict": None,
    "privacy_request": None,
}

_STUDIED, _HELD, _WROTE = lazy("đã có việc học"), lazy("đã được ghi vào lớp hoặc buổi sát hạch"), lazy("đã viết bài")
_ACTED = lazy("đã làm việc quản lý")
# Tables that name people, accounts or posts, and what keeps a person an imported list has added; None: it follows the
# posts by itself, or tells the person of it.
HELD_BY_PEOPLE: dict[str, lazy | None] = {
    "sign_in_session": lazy("đã đăng nhập"),
    "role_grant": lazy("đã được giao vai trò"),
    **dict.fromkeys(("merged_record", "person_merge", "distinct_people"), lazy("đã được so hoặc gộp với hồ sơ khác")),
    "phone_seat": lazy("đã dùng chung điện thoại"),
    "second_factor": lazy("đã bật xác thực hai bước"),
    "privacy_request": lazy("đã có yêu cầu về dữ liệu cá nhân"),
    "external_identity": lazy("đã liên kết tài khoản đăng nhập khác"),
    "contact_check": lazy("đã xác minh điện thoại hoặc email"),
    "consent": lazy("đã ghi sự đồng ý"),
    "notice_choice": lazy("đã chọn cách nhận thông báo"),
    "assignment_pick": lazy("đã được chọn để giao học"),
    "plan_nomination": lazy("đã được cử theo kế hoạch năm"),
    "expert": lazy("đã ghi vào sổ chuyên gia"),
    "report_recipient": _ACTED,
    **dict.fromkeys(
        ("enrolment", "completion", "completion_post", "evidence", "part_met", "practical_verdict", "attempt_grant",
         "certificate", "certificate_file"), _STUDIED,
    ),
    **dict.fromkeys(("attendance", "exam_candidate", "exam_invigilator", "exam_note"), _HELD),
    **dict.fromkeys(
        ("course_rating", "discussion_post", "discussion_report", "help_request", "lesson_comment", "lesson_note"),
        _WROTE,
    ),
    **dict.fromkeys(
        ("api_token", "assignment", "campaign_activity", "course_review", "declaration_file", "declaration_round",
         "declaration_step",
         "declared_figure", "exam_marking", "exam_sitting",
         "export_file", "held_class", "indicator_draft", "indicator_version", "marking", "people_import",
         "plan_decision", "plan_line", "plan_spending", "plan_year", "report_draft", "report_issue", "report_scan",
         "report_schedule",
         "slip_sheet", "unit_act"),
        _ACTED,
    ),
    "assignment_member": None,
    "coverage_entry": None,
    "coverage_pending": None,
    "notice": None,
}  # fmt: skip

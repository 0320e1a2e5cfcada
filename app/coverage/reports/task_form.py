"""B02: what came of each training task, from the very figures of the page of the tasks."""

from datetime import date

from sqlalchemy.orm import Session

from app.catalogue.programmes import ProgrammePlan
from app.coverage.planning.money import MILLION
from app.coverage.planning.planned_figures import NOTHING, Planned, plan_money
from app.coverage.programmes.programme_queries import classes_held, people_who_completed, programme_report
from app.coverage.reports.frames import Cell

NOTES = (
    "Cột 6: lớp tập trung đã ghi, kết thúc trong kỳ. Cột 7: lượt ghi danh; cột 8: mỗi người một lần; cột 9: mỗi người"
    " một lần, gồm cả lớp tập trung và minh chứng; cột 10 không tính giấy đã thu hồi và giấy cấp thay.",
    "Cột 11 = cột 9 : cột 8; quá 100 là vì người học lớp tập trung hay nộp minh chứng hoàn thành mà không ghi danh khóa"
    " nào. Cột 5: số giao theo quyết định có hiệu lực ngày chốt; cột 12, 13: kinh phí cả năm theo quyết định, đã chi từ"
    " đầu năm đến ngày chốt, làm tròn đến triệu đồng; “–” khi năm ấy chưa có kế hoạch được phê duyệt.",
)


def task_rows(db: Session, province_code: str, unit_code: str, first: date, last: date) -> list[tuple[Cell, ...]]:
    """The tasks in the plan's order and, in the last row, their sums, people of several tasks once."""
    report = programme_report(db, province_code, unit_code, first, last)
    people, classes = people_who_completed(db, report), classes_held(db, report)
    money = plan_money(db, last.year, report.unit.unit_id, last)
    rows: list[tuple[Cell, ...]] = []
    for row in report.rows:
        plan, activity, done = row.plan, row.activity, people.get(row.plan.code, 0)
        planned = None if money is None else money.get(plan.code, NOTHING)
        rows.append((
            plan.task_no, plan.title, _lead_on(plan, last), plan.delivery_text,
            planned.people if planned and plan.delivery != "broadcast" else None, classes.get(plan.code, 0),
            activity.enrolments, activity.people, done, activity.certificates,
            round(100 * done / activity.people, 6) if activity.people else None, *_millions(planned), None,
        ))  # fmt: skip
    total, planned = report.total, None if money is None else sum(money.values(), NOTHING)
    rows.append((
        None, "Cộng (cột 8: mỗi người một lần)", None, None, planned.people if planned else None,
        sum(classes.values()), total.enrolments, total.people, None, total.certificates,
        None, *_millions(planned), None,
    ))  # fmt: skip
    return rows


def _millions(planned: Planned | None) -> tuple[Cell, Cell]:
    """Approved and spent, in whole million đồng."""
    if planned is None:
        return None, None
    return round(planned.budget_dong / MILLION), round(planned.spent_dong / MILLION)


def _lead_on(plan: ProgrammePlan, day: date) -> str:
    """The agency in charge under its name of that day."""
    return plan.plan_lead if plan.lead_since and day < plan.lead_since else plan.lead

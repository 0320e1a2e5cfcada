"""Defining indicators in the browser: the effect shown beforehand is what comes; closed years stay as they were."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Session
from app.core.jobs import Worker
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.indicators import seeding
from app.coverage.indicators.definition_form import form_of
from app.coverage.indicators.definitions import definition_for, definitions, in_year, to_speak_of
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.indicators.previewing import Effect, Side
from app.coverage.models import CoverageEntry, Indicator, IndicatorVersion
from app.coverage.verification import verify
from tests import factories
from tests.browser import Browser

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)
REASON = "Công văn số 12/SKHCN ngày 20/11/2026"


@pytest.fixture(autouse=True)
def on_a_day() -> Any:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def admin(db: Session, browser: Browser) -> Browser:
    factories.account(db, username="tinh", role="province_admin")
    db.commit()
    return browser.sign_in("tinh")


@pytest.fixture
def people(db: Session) -> None:
    """Three officials: two of former Bắc Giang, one of whom has learned, and one of former Bắc Ninh who has too; and a
    teacher who has learned what no tag names."""
    digital = factories.course(db, "SO01", tags=["CDS"])
    plain = factories.course(db, "SO02", tags=[])
    for code, audiences, version in (
        ("07210", ["CBCC"], digital), ("07210", ["CBCC"], None), ("09187", ["CBCC"], digital),
        ("07228", ["GIAOVIEN"], plain),
    ):  # fmt: skip
        holder = factories.person(db)
        factories.post(db, holder, code, audiences=audiences)
        if version:
            factories.completion(db, holder, version, date(2026, 3, 10))
    db.commit()


def typed(db: Session, code: str = "BG-CBCC", **changes: Any) -> dict[str, Any]:
    form = form_of(definition_for(db, code, 2026), 2026).model_dump() | {"reason": REASON} | changes
    # Nobody else can write while this session looks.
    db.rollback()
    form.pop("is_partial")
    return form


@dataclass(frozen=True)
class Drafted:
    id: int
    effect: Effect


def the_draft(db: Session) -> int | None:
    """The id of the newest draft, if there is one."""
    db.rollback()
    found = db.scalar(select(func.max(IndicatorDraft.id)))
    db.rollback()
    return found


def drafted(db: Session, admin: Browser, worker: Worker, code: str = "BG-CBCC", **changes: Any) -> Drafted:
    answer = admin.post(f"/indicators/drafts?based_on={code}", typed(db, code, **changes))
    assert answer.status_code == 200, answer.text
    worker.run_all()
    draft_id = the_draft(db)
    assert draft_id is not None
    effect = db.get_one(IndicatorDraft, draft_id).effect
    assert effect is not None
    db.rollback()
    return Drafted(draft_id, Effect.of(effect))


def counts(db: Session) -> tuple[int | None, int | None]:
    tables = (CoverageEntry, IndicatorVersion)
    return tuple(db.scalar(select(func.count()).select_from(table)) for table in tables)  # type: ignore[return-value]


def side(one: Figure) -> Side:
    return Side(one.numerator, one.denominator.value, one.ratio, one.output, one.met)


def ask(db: Session, code: str = "BG-CBCC", on: date = TODAY, **more: Any) -> Figure:
    return figure(db, Question(code, "24", on, **more))


@pytest.mark.parametrize(
    "changes",
    [
        {"audiences": ["CBCC", "GIAOVIEN"]},
        {"former_province": ""},
        {"former_province": "27", "audiences": []},
        {"tags": ["ATTT"]},
        {"tags": []},
        {"tags": [], "courses": "SO02", "audiences": ["GIAOVIEN"]},
        {"how": ["class"]},
        {"recurrence": "cumulative_ever"},
        {"recurrence": "cumulative_valid", "former_province": ""},
        {"measure": "units", "unit_kinds": ["commune"]},
        {"target_value": ["40", "90"]},
        {"denominator": "declared", "population": "LLLD-24"},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_what_the_preview_says_is_what_comes(
    db: Session, admin: Browser, worker: Worker, people: None, changes: dict[str, Any]
) -> None:
    before = counts(db)
    db.rollback()
    draft = drafted(db, admin, worker, **changes)
    effect = draft.effect
    now = ask(db)
    assert counts(db) == before, "a preview writes no entry and no version"
    assert effect.rows[0].now == side(now)
    db.rollback()

    admin.post(f"/indicators/drafts/{draft.id}/confirm")
    worker.run_all()
    db.expire_all()
    then = ask(db)
    assert then.definition.number == 2
    assert effect.rows[0].then == side(then)
    rows = {row.code: row.then for row in effect.rows[1:]}
    assert rows == {one.unit_code: side(one) for one in then.children if one.unit_id != then.unit_id}


def test_the_preview_tells_what_changes_and_by_how_much(
    db: Session, admin: Browser, worker: Worker, people: None
) -> None:
    draft = drafted(db, admin, worker, former_province="", audiences=["CBCC", "GIAOVIEN"])
    page = admin.get(f"/indicators/drafts/{draft.id}").text
    assert "1 trên 2" in page
    assert "2 trên 4" in page
    assert "gốc từ tỉnh cũ mang mã 24" in page
    assert "Phường Đa Mai" in page, "a unit whose figure changes is named"
    assert "Phường Bắc Giang" not in page, "one whose figure stays is not"
    assert "Đã xét lại từng người một: 4 người" in page


def test_nothing_is_confirmed_unseen(db: Session, admin: Browser) -> None:
    admin.post("/indicators/drafts?based_on=BG-CBCC", typed(db))
    answer = admin.post(f"/indicators/drafts/{the_draft(db)}/confirm")
    assert answer.status_code == 409
    assert definitions(db, "BG-CBCC")[-1].number == 1


def test_a_draft_of_a_version_that_is_no_longer_the_newest_is_kept_back(
    db: Session, admin: Browser, worker: Worker
) -> None:
    first, second = drafted(db, admin, worker, tags=["ATTT"]), drafted(db, admin, worker, tags=["CNS"])
    admin.post(f"/indicators/drafts/{first.id}/confirm")
    answer = admin.post(f"/indicators/drafts/{second.id}/confirm")
    assert answer.status_code == 409
    assert "vừa có phiên bản mới" in answer.text
    assert db.get(IndicatorDraft, second.id), "what was typed is still there"


def test_closed_years_and_older_knowledge_keep_their_definition(
    db: Session, admin: Browser, worker: Worker, people: None
) -> None:
    draft = drafted(db, admin, worker, former_province="", target_value=["50", "60"])
    with clock.frozen(NOW + timedelta(hours=2)):
        admin.post(f"/indicators/drafts/{draft.id}/confirm")
        worker.run_all()
        db.expire_all()
        assert ask(db).denominator.value == 3
        assert ask(db).definition.number == 2
        assert ask(db, on=date(2025, 12, 31)).definition.number == 1
        then = ask(db, known_at=NOW + timedelta(hours=1))
        assert (then.definition.number, then.denominator.value) == (1, 2)
        report = verify(db, "24", TODAY)
        assert report.findings == [], "the independent path agrees under both versions"


def test_figures_are_flagged_until_the_ledger_has_followed(db: Session, admin: Browser, worker: Worker) -> None:
    draft = drafted(db, admin, worker, tags=["ATTT"])
    admin.post(f"/indicators/drafts/{draft.id}/confirm")
    assert "pending" in ask(db).flags
    db.rollback()
    worker.run_all()
    assert "pending" not in ask(db).flags


def test_the_page_tells_who_changed_what_and_why_and_the_act_is_on_record(
    db: Session, admin: Browser, worker: Worker
) -> None:
    draft = drafted(db, admin, worker, audiences=["CBCC", "GIAOVIEN"], first_year="2027", title="Tên mới của chỉ tiêu")
    admin.post(f"/indicators/drafts/{draft.id}/confirm")
    page = admin.get("/coverage/BG-CBCC/definition").text
    assert "Tên mới của chỉ tiêu" in page
    assert REASON in page
    assert "từ năm 2027" in page
    assert "phiên bản số 1" in admin.get("/coverage/BG-CBCC/definition?version=1").text.lower()
    assert admin.get("/coverage/BG-CBCC/definition?version=9").status_code == 404
    act = db.scalars(select(AuditEntry).where(AuditEntry.action == "indicator.define")).one()
    assert act.details == {"indicator": "BG-CBCC", "number": 2, "from_year": 2027}


def test_a_release_does_not_write_over_what_people_defined(db: Session, admin: Browser, worker: Worker) -> None:
    draft = drafted(db, admin, worker, title="Tên do tỉnh đặt")
    admin.post(f"/indicators/drafts/{draft.id}/confirm")
    db.expire_all()
    seeding.seed_indicators(db)
    db.flush()
    assert db.get_one(Indicator, "BG-CBCC").title == "Tên do tỉnh đặt"
    assert len(definitions(db, "BG-CBCC")) == 2


def test_a_new_indicator_is_counted_from_the_day_it_is_put_in_force(
    db: Session, admin: Browser, worker: Worker, people: None
) -> None:
    wanted = typed(db) | {"code": "TH-GIAOVIEN", "title": "Giáo viên", "audiences": ["GIAOVIEN"], "tags": [],
                          "former_province": "", "plan": "Kế hoạch thử của tỉnh"}  # fmt: skip
    admin.post("/indicators/drafts", wanted)
    draft_id = the_draft(db)
    assert f"/indicators/drafts/{draft_id}" in admin.get("/indicators").text
    worker.run_all()
    admin.post(f"/indicators/drafts/{draft_id}/confirm")
    worker.run_all()
    found = ask(db, "TH-GIAOVIEN")
    assert (found.numerator, found.denominator.value, found.definition.number) == (1, 1, 1)
    db.rollback()
    assert "Giáo viên" in admin.get("/indicators").text
    assert "TH-GIAOVIEN" in admin.get("/coverage").text
    with pytest.raises(Exception, match="TH-GIAOVIEN"):
        ask(db, "TH-GIAOVIEN", known_at=NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": "A"}, "Hãy ghi tên ngắn"),
        ({"reason": ""}, "Hãy ghi vì sao tính như thế"),
        ({"first_year": "2025"}, "những năm đã qua giữ cách tính của chúng"),
        ({"first_year": "hai"}, "Hãy ghi năm từ 2026"),
        ({"last_year": "2020"}, "Năm cuối không thể trước năm đầu"),
        ({"how": []}, "ít nhất một hình thức"),
        ({"courses": "KHONGCO"}, "Không có khóa học nào mang mã KHONGCO"),
        ({"audiences": ["KHONGCO"]}, "Hãy chọn trong danh sách."),
        ({"measure": "units", "unit_kinds": []}, "Hãy chọn loại đơn vị"),
        ({"measure": "yes_no"}, "Hệ thống chỉ tự đếm được"),
        ({"denominator": "none"}, "Mục tiêu phần trăm cần một mẫu số"),
        ({"denominator": "declared"}, "Hãy chọn số khai báo nào làm mẫu số"),
        ({"figure_source": "survey"}, "Danh sách chỉ làm mẫu số"),
        ({"recurrence": "none"}, "Hãy chọn hằng năm hoặc tích lũy"),
        ({"target_value": ["101", "90"]}, "tỷ lệ từ 0 đến 100"),
        ({"target_year": ["2025", "2025"]}, "có hai mục tiêu"),
    ],
)
def test_bad_input_is_told_at_its_field_and_loses_nothing(
    db: Session, admin: Browser, changes: dict[str, Any], said: str
) -> None:
    note = "Ghi chú dài đã gõ, không được mất"
    answer = admin.post("/indicators/drafts?based_on=BG-CBCC", typed(db, note=note, **changes))
    assert answer.status_code == 422
    assert said in answer.text
    assert note in answer.text
    assert the_draft(db) is None


@pytest.mark.parametrize("code", ["", "bn-x", "BG-CBCC", "LLLD-24", "BN GIAO"])
def test_a_new_indicator_needs_a_code_of_its_own(db: Session, admin: Browser, code: str) -> None:
    answer = admin.post("/indicators/drafts", typed(db) | {"code": code})
    assert answer.status_code == 422
    assert "f-code-err" in answer.text


def test_a_draft_can_be_changed_and_thrown_away(db: Session, admin: Browser, worker: Worker) -> None:
    draft = drafted(db, admin, worker, tags=["ATTT"])
    assert 'value="ATTT" checked' in admin.get(f"/indicators/drafts/{draft.id}/edit").text
    admin.post(f"/indicators/drafts/{draft.id}", typed(db, tags=["CNS"]))
    db.expire_all()
    again = db.get_one(IndicatorDraft, draft.id)
    assert (again.typed["tags"], again.effect) == (["CNS"], None)
    db.rollback()
    admin.post(f"/indicators/drafts/{draft.id}/discard")
    assert the_draft(db) is None


def test_the_version_that_began_last_holds_until_it_ends(db: Session) -> None:
    base = definition_for(db, "BG-CBCC", 2026)
    later = replace(base, version_id=901, number=2, first_year=2027, last_year=2028)
    sooner = replace(base, version_id=902, number=3, first_year=2026)
    found = [base, later, sooner]
    held = {year: [one.number for one in in_year(found, year)] for year in (2022, 2023, 2025, 2026, 2027, 2028, 2029)}
    assert held == {2022: [], 2023: [1], 2025: [1], 2026: [3], 2027: [2], 2028: [2], 2029: []}
    assert to_speak_of(found, 2029)["BG-CBCC"].number == 2
    assert to_speak_of(found, 2020)["BG-CBCC"].number == 1

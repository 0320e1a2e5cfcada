"""Routes of the year's plan, the log of publicity, the register of experts, the short-list for commendation."""

from tests.access.calls import HIDDEN, IMPORTERS, MANAGERS, MANAGERS_HERE, act, page
from tests.access.plan_world import ACTIVITY_TITLE, EXPERT_CONTACT, TASK
from tests.access.world import COLLEAGUE_NAME, HERE

# Another unit's part of a plan is not to be seen.
_NOT_THEIRS = {"other_manager": HIDDEN}
_PLAN, _ASKING, _READY = "/plan/{plan_year}", "/plan/{plan_asking}", "/plan/{plan_ready}"
_HERE = f"?unit={HERE}"
_PEOPLE = f"{_PLAN}/tasks/{TASK}/people{_HERE}"
_SPENDING = {"task": TASK, "unit": HERE, "amount": "1,5", "spent_on": "{today}", "source": "Ủy nhiệm chi số 2"}
_ACTIVITY = {
    "task": "P13-COSO", "kind": "broadcast", "title": "Phát thanh thử", "unit": HERE, "first_on": "{today}",
    "last_on": "{today}", "times": "2", "reached": "30",
}  # fmt: skip
_EXPERT = {"name": "Lê Chuyên Gia", "field": "Dữ liệu", "source": "Văn bản thử số 2", "started_on": "{today}"}

DECLARED = (
    page("/plan", MANAGERS),
    act("/plan", IMPORTERS, form={"year": "{plan_to_come}"}),
    page("/plan/{year}", MANAGERS_HERE, f"{_PLAN}{_HERE}", refused=_NOT_THEIRS),
    page("/plan/{year}/table.{format}", MANAGERS_HERE, f"{_PLAN}/table.csv{_HERE}", refused=_NOT_THEIRS),
    act("/plan/{year}/state", IMPORTERS, f"{_ASKING}/state", form={"state": "quotas"}),
    page("/plan/{year}/tasks/{code}", MANAGERS_HERE, f"{_PLAN}/tasks/{TASK}{_HERE}", refused=_NOT_THEIRS),
    act("/plan/{year}/tasks/{code}/course", IMPORTERS, f"{_PLAN}/tasks/{TASK}/course",
        form={"course": "{plan_course}", "due": "{today}"}),
    page("/plan/{year}/needs", MANAGERS_HERE, f"{_ASKING}/needs{_HERE}", refused=_NOT_THEIRS),
    act("/plan/{year}/needs", MANAGERS_HERE, f"{_ASKING}/needs{_HERE}", refused=_NOT_THEIRS,
        form={f"need-{TASK}": "4"}),
    page("/plan/{year}/needs/list", MANAGERS, f"{_ASKING}/needs/list"),
    act("/plan/{year}/needs/list", MANAGERS_HERE, f"{_ASKING}/needs/list", refused={"other_manager": 422},
        form={"lines": f"{TASK}; {HERE}; 5; thử"}),
    page("/plan/{year}/needs/template.xlsx", MANAGERS_HERE, f"{_ASKING}/needs/template.xlsx{_HERE}",
         refused=_NOT_THEIRS),
    page("/plan/{year}/quotas/{code}", IMPORTERS, f"{_READY}/quotas/{TASK}"),
    act("/plan/{year}/quotas/{code}", IMPORTERS, f"{_READY}/quotas/{TASK}", form={"add": HERE}),
    act("/plan/{year}/quotas/{code}/suggest", IMPORTERS, f"{_READY}/quotas/{TASK}/suggest", form={"cap": "4"}),
    page("/plan/{year}/decision", IMPORTERS, f"{_READY}/decision"),
    act("/plan/{year}/decision", IMPORTERS, f"{_READY}/decision", form={"number": "9/QĐ-UBND", "signed_on": "{today}"},
        files={"paper": ("quyet-dinh.pdf", "pdf")}),
    page("/plan/{year}/decisions/{decision_id}/paper", MANAGERS, f"{_PLAN}/decisions/{{plan_decision}}/paper"),
    page("/plan/{year}/tasks/{code}/people", MANAGERS_HERE, _PEOPLE, refused=_NOT_THEIRS, secret=COLLEAGUE_NAME,
         told_to=MANAGERS_HERE),
    act("/plan/{year}/tasks/{code}/people", MANAGERS_HERE, _PEOPLE, refused=_NOT_THEIRS,
        form={"person": "{learner_ref}"}),
    act("/plan/{year}/nominations/{nomination_id}/withdraw", MANAGERS_HERE,
        f"{_PLAN}/nominations/{{plan_nomination}}/withdraw", refused=_NOT_THEIRS, form={"reason": "đi công tác"}),
    page("/plan/{year}/spending", MANAGERS_HERE, f"{_PLAN}/spending{_HERE}", refused=_NOT_THEIRS),
    act("/plan/{year}/spending", IMPORTERS, f"{_PLAN}/spending", form=_SPENDING,
        files={"paper": ("chung-tu.pdf", "pdf")}),
    page("/plan/{year}/spending/{spending_id}/paper", MANAGERS_HERE, f"{_PLAN}/spending/{{plan_spending}}/paper",
         refused=_NOT_THEIRS),
    page("/campaigns", MANAGERS, secret=ACTIVITY_TITLE, told_to=MANAGERS_HERE),
    page("/campaigns/table.{format}", MANAGERS, "/campaigns/table.csv", secret=ACTIVITY_TITLE, told_to=MANAGERS_HERE),
    page("/campaigns/new", MANAGERS),
    act("/campaigns", MANAGERS_HERE, form=_ACTIVITY, refused={"other_manager": 422},
        files={"paper": ("anh.png", "picture")}),
    page("/campaigns/{activity_id}/paper", MANAGERS_HERE, "/campaigns/{campaign}/paper", refused=_NOT_THEIRS),
    act("/campaigns/{activity_id}/withdraw", MANAGERS_HERE, "/campaigns/{campaign}/withdraw", refused=_NOT_THEIRS,
        form={"reason": "ghi hai lần"}),
    page("/experts", MANAGERS, secret=EXPERT_CONTACT, told_to=IMPORTERS),
    page("/experts/table.{format}", IMPORTERS, "/experts/table.csv", secret=EXPERT_CONTACT, told_to=IMPORTERS),
    act("/experts", IMPORTERS, form=_EXPERT),
    act("/experts/{expert_id}/end", IMPORTERS, "/experts/{expert}/end", form={"last_on": "{today}"}),
    page("/commendations", MANAGERS_HERE, f"/commendations?what=people&unit={HERE}&courses=1", refused=_NOT_THEIRS),
    page("/commendations/table.{format}", MANAGERS_HERE, f"/commendations/table.csv?what=people&unit={HERE}&courses=1",
         refused=_NOT_THEIRS),
)  # fmt: skip

"""How many of whom, who learns how eagerly and when: the figures of the plans, and where they are silent, guesses.

Sources: Decision 1908/QĐ-UBND (Bắc Giang, 2023), parts II.I and III; every figure is of the old Bắc Giang and serves
here as a proportion. A guess is called one.
"""

from dataclasses import dataclass
from datetime import date

FIRST_DAY = date(2023, 4, 10)  # the tables of units know nothing earlier
# Population 1,890,900 of old Bắc Giang (II.III.1.1) of about 3,600,000 after the merger.
BAC_GIANG_SHARE = 1_890_900 / 3_600_000
FORMER_PROVINCES = ("24", "27")


@dataclass(frozen=True)
class Group:
    """People of one audience. `weight`: their number in the plan times the part expected on the platform.

    `eagerness`: the chance to take a course in 2023, 2024, 2025, 2026. `ages` in years on the day of joining.
    `initial_share`: part of them already listed when the platform began.
    """

    audience: str
    weight: float
    eagerness: tuple[float, float, float, float]
    ages: tuple[int, int]
    initial_share: float
    # Chances within a year.
    moves: float
    leaves: float
    titles: tuple[str, ...]
    leader_title: str
    # Months 1 to 12, the plans' waves: spring classes, autumn with the digital day of 10/10; teachers in summer.
    months: tuple[int, ...]


_OFFICE = (2, 2, 9, 9, 6, 4, 3, 5, 14, 24, 17, 5)
_SUMMER = (1, 1, 3, 3, 3, 10, 22, 24, 8, 14, 8, 3)
_PUBLIC = (4, 3, 6, 6, 6, 6, 6, 7, 11, 26, 13, 6)

# Whole staffs are to be trained, so they count in full; of workers, citizens and pupils only those who come by
# themselves (5 % of 338,440 workers, 3 % of 986,800 of working age, 1,000 graduates a year in four years: guesses).
GROUPS = (
    Group(
        "CBCC", 5235, (0.35, 0.62, 0.78, 0.85), (24, 59), 0.8, 0.05, 0.04,
        ("Chuyên viên", "Chuyên viên", "Công chức Văn phòng - thống kê", "Công chức Tài chính - kế toán",
         "Công chức Tư pháp - hộ tịch", "Công chức Văn hóa - xã hội"), "Trưởng phòng", _OFFICE,
    ),
    Group(
        "GIAOVIEN", 16_885, (0.25, 0.5, 0.64, 0.72), (23, 59), 0.8, 0.04, 0.04,
        ("Giáo viên", "Giáo viên", "Giáo viên", "Giáo viên tin học"), "Hiệu trưởng", _SUMMER,
    ),
    Group(
        "YTE", 1999, (0.2, 0.42, 0.55, 0.66), (23, 59), 0.8, 0.03, 0.04,
        ("Y sĩ", "Bác sĩ", "Điều dưỡng", "Hộ sinh"), "Trạm trưởng", _OFFICE,
    ),
    Group(
        "TCNSCD", 16_000, (0.35, 0.5, 0.6, 0.68), (20, 64), 0.75, 0.02, 0.08,
        ("Thành viên Tổ công nghệ số cộng đồng",), "Tổ trưởng Tổ công nghệ số cộng đồng", _PUBLIC,
    ),
    Group(
        "LDDN", 0.05 * 338_440, (0.1, 0.2, 0.32, 0.42), (19, 58), 0.2, 0.08, 0.12, ("Người lao động",), "Tổ trưởng",
        _PUBLIC,
    ),
    Group("NGUOIDAN", 0.03 * 986_800, (0.2, 0.3, 0.45, 0.5), (18, 64), 0.02, 0.01, 0.02, ("",), "", _PUBLIC),
    Group("HOCSINH", 4000, (0.2, 0.35, 0.45, 0.5), (15, 21), 0.2, 0.01, 0.3, ("Học sinh",), "Học sinh", _PUBLIC),
)  # fmt: skip

# 31 leaders of departments and districts and one head for each of 209 communes, among 5,235 (III.1.1, II.I.1.1).
LEADER_SHARE = (31 + 209) / 5235
# 75 full-time and 209 part-time information-technology staff among 5,235 (II.I.1.1).
IT_SHARE = (75 + 209) / 5235
# Workers of state enterprises; commune staff who also serve in the commune's team: guesses.
STATE_ENTERPRISE_SHARE = 0.03
SECOND_POST_SHARE = 0.08
EMAIL_SHARE = 0.25

# Until a year's platform is known to everybody, classes carry the plan (III.1): the part learnt online by year.
ONLINE_SHARE = (0.2, 0.45, 0.65, 0.75)
# A course is mostly taken online when it has about so many lessons; of longer ones fewer people go the whole way.
# It bounds what a simulated person weighs, however many lessons the shelves grow to.
LESSONS_A_JOURNEY = 4
UNFINISHED_SHARE = 0.22
FAILED_FIRST_SHARE = 0.18
SECOND_COURSE_SHARE = 0.12
ANNULLED_SHARE = 0.004
# Of the people whose audience no course is meant for, so many take one nevertheless.
STRANGER_FACTOR = 0.3
LATE_ENTRY_SHARE = 0.05

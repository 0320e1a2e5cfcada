"""Invented names: common parts put together at random; whoever bears such a name does so by chance."""

from random import Random

from app.identity.identifiers import Sex

_FAMILIES = (
    "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô", "Dương",
    "Đào", "Giáp", "Thân", "Hà", "Lương", "Nông", "Vi", "Chu", "Tạ", "Trịnh",
)  # fmt: skip
_MIDDLES: dict[Sex, tuple[str, ...]] = {
    "female": ("Thị", "Thị", "Thị", "Thu", "Thanh", "Ngọc", "Minh", "Kim", "Hồng", "Phương", "Bích", "Khánh"),
    "male": ("Văn", "Văn", "Văn", "Đức", "Minh", "Quang", "Hữu", "Xuân", "Công", "Thế", "Duy", "Mạnh"),
}
_GIVEN: dict[Sex, tuple[str, ...]] = {
    "female": (
        "An", "Ánh", "Bình", "Chi", "Cúc", "Dung", "Duyên", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Huệ",
        "Huyền", "Hương", "Lan", "Liên", "Linh", "Loan", "Mai", "Nga", "Ngân", "Nhung", "Oanh", "Phượng", "Quyên",
        "Thảo", "Thơm", "Thúy", "Trang", "Tuyết", "Uyên", "Vân", "Yến",
    ),
    "male": (
        "An", "Anh", "Bắc", "Bình", "Cường", "Chiến", "Dũng", "Đạt", "Đông", "Đức", "Hải", "Hiếu", "Hoàn", "Hùng",
        "Huy", "Khánh", "Kiên", "Lâm", "Long", "Nam", "Nghĩa", "Phong", "Phúc", "Quân", "Sơn", "Tài", "Tâm", "Thành",
        "Thắng", "Tiến", "Toàn", "Trung", "Tuấn", "Việt", "Vinh",
    ),
}  # fmt: skip


def person_name(rng: Random, sex: Sex) -> str:
    """A full name, e.g. Giáp Thị Hoa."""
    return f"{rng.choice(_FAMILIES)} {rng.choice(_MIDDLES[sex])} {rng.choice(_GIVEN[sex])}"

"""Who issues: the name of the office on the day, its superior body, and the symbol in the certificate's number."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Issuer:
    """The office as it was called from `valid_from` until the next row. `symbol` ends the certificate's number."""

    valid_from: date
    superior_name: str
    name: str
    symbol: str


# The office changed on 2025-03-01 (domain/agencies.csv); its superior body on the two days given in DESIGN section 8.
ISSUERS = (
    Issuer(date.min, "UBND tỉnh Bắc Giang", "Sở Thông tin và Truyền thông", "HS-STTTT"),
    Issuer(date(2025, 3, 1), "UBND tỉnh Bắc Giang", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
    Issuer(date(2025, 7, 1), "UBND tỉnh Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
    Issuer(date(2026, 9, 20), "UBND thành phố Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
)


def issuer_on(day: date) -> Issuer:
    """The issuing office as of `day`."""
    return next(issuer for issuer in reversed(ISSUERS) if issuer.valid_from <= day)

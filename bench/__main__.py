"""`make bench` prints the table of docs/performance.md. Ratios to a floor of the same run count, not digits."""

from app.core import clock
from bench import pages, progress


def main() -> None:
    print(f"Đo ngày {clock.today():%d/%m/%Y}\n")
    print("| Việc | Đo được | Mục tiêu |\n|---|---|---|")
    for module in (pages, progress):
        for row in module.rows():
            print(f"| {row.what} | {row.measured} | {row.aim} |", flush=True)


if __name__ == "__main__":
    main()

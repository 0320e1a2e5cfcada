"""Writes tile_grid.csv from the drawing below: python make_tile_grid.py UNIT_VERSIONS_CSV (app/identity/data).

The drawing is ours: a square each, neighbours kept together by former district as the districts lie on the map
(Hiệp Hòa in the west, Sơn Động in the east, Yên Thế in the north, Lương Tài in the south). It is no survey.
"""

import csv
import sys
from pathlib import Path

# ruff: noqa: E501
COMMUNES = """
. | . | . | Xuân Lương | Tam Tiến
. | . | . | Yên Thế | Đồng Kỳ | Bố Hạ | . | . | . | Sa Lý | Tân Sơn
. | . | Quang Trung | Nhã Nam | Phúc Hòa | Tiên Lục | Kép | . | . | Biên Sơn | Sơn Hải
Hoàng Vân | Hiệp Hòa | Ngọc Thiện | Tân Yên | Mỹ Thái | Lạng Giang | Bảo Đài | Đông Phú | Kiên Lao | Lục Ngạn | Biển Động | Đại Sơn | Vân Sơn
Hợp Thịnh | Xuân Cẩm | Tự Lạn | Đa Mai | Bắc Giang | Tân Dĩnh | Lục Nam | Phượng Sơn | Chũ | Đèo Gia | Yên Định | Sơn Động | An Lạc
. | Vân Hà | Việt Yên | Nếnh | Tân Tiến | Tân An | Bắc Lũng | Nghĩa Phương | Nam Dương | . | Tuấn Đạo | Dương Hưu
Tam Giang | Yên Trung | Tam Đa | Tiền Phong | Yên Dũng | Cảnh Thụy | Cẩm Lý | Trường Sơn | Lục Sơn | . | Tây Yên Tử
Văn Môn | Yên Phong | Kinh Bắc | Vũ Ninh | Phương Liễu | Nhân Hòa | Đồng Việt
Tam Sơn | Tiên Du | Võ Cường | Hạp Lĩnh | Nam Sơn | Quế Võ | Đào Viên | Phù Lãng
Từ Sơn | Đồng Nguyên | Liên Bão | Tân Chi | Chi Lăng | Bồng Lai
Phù Khê | Đại Đồng | Phật Tích | Mão Điền | Đông Cứu | Đại Lai | Cao Đức
. | Trí Quả | Thuận Thành | Trạm Lộ | Gia Bình | Nhân Thắng | Trung Kênh
. | Song Liễu | Ninh Xá | Lâm Thao | Trung Chính | Lương Tài
"""
DISTRICTS = """
. | . | Huyện Yên Thế
. | Huyện Tân Yên | Huyện Lạng Giang | . | Huyện Lục Ngạn
Huyện Hiệp Hòa | Thị xã Việt Yên | Thành phố Bắc Giang | Huyện Lục Nam | Thị xã Chũ | Huyện Sơn Động
Huyện Yên Phong | Thành phố Bắc Ninh | Huyện Yên Dũng | Thị xã Quế Võ
Thành phố Từ Sơn | Huyện Tiên Du | . | Huyện Gia Bình
. | Thị xã Thuận Thành | . | Huyện Lương Tài
"""


def main() -> None:
    with Path(sys.argv[1]).open(encoding="utf-8") as file:
        units = list(csv.DictReader(file))
    # The last name before the table ends: Huyện Việt Yên is drawn as the Thị xã it became.
    communes = {row["name"].split(" ", 1)[1]: row["code"] for row in units
                if row["kind"] == "commune" and row["valid_to"] in ("", "2026-09-20") and row["valid_from"] >= "2025"
                and (row["unit_key"][0] == "n" or not row["valid_to"])}  # fmt: skip
    last_names = {row["code"]: row["name"] for row in units if row["kind"] == "district"}
    districts = {name: code for code, name in last_names.items()}
    with (Path(__file__).parent / "tile_grid.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind", "code", "name", "row", "col"])
        for kind, drawing, codes in (("commune", COMMUNES, communes), ("district", DISTRICTS, districts)):
            placed = set()
            for row, line in enumerate(drawing.strip().splitlines()):
                for col, name in enumerate(cell.strip() for cell in line.split("|")):
                    if name != ".":
                        writer.writerow([kind, codes[name], name, row, col])
                        placed.add(name)
            assert placed == codes.keys(), codes.keys() ^ placed


if __name__ == "__main__":
    main()

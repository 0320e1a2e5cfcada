"""Writes docs/configuration.md from the settings class; a test keeps the two equal."""

from app.core.settings import ROOT, Settings

_HEAD = """# Cấu hình

Mọi thiết lập đọc từ biến môi trường; không thiết lập nào bắt buộc.
Tệp này sinh từ `app/core/settings.py` bằng `make docs`.
(Every setting comes from the environment and has a safe default; this file is generated.)

| Biến | Mặc định | Ý nghĩa |
|---|---|---|
"""


def configuration_markdown() -> str:
    """The whole document; defaults that are folders are shown relative to the project."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if hasattr(default, "get_secret_value"):
            default = default.get_secret_value()
        shown = str(default).replace(f"{ROOT}/", "") if not isinstance(default, bool) else str(int(default))
        rows.append(f"| `{name.upper()}` | {f'`{shown}`' if shown else '(trống)'} | {field.description} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    print(configuration_markdown(), end="")

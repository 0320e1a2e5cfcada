"""Errors a person can understand. One place (core/web.py) turns them into a page, a fragment or problem+json."""

from collections.abc import Sequence

from app.core.i18n import lazy as _


class AppError(Exception):
    """What happened, in the reader's words, and the HTTP status that says it to programs."""

    status = 500
    title = _("Có lỗi xảy ra")
    # The page that tells of it; an error that shows a form again names its own, and in `page` what that shows.
    template = "errors/error.html"
    page: object = None
    text = _("Hệ thống gặp lỗi và đã ghi lại. Những gì đã báo “đã lưu” vẫn còn. Hãy thử lại sau ít phút.")

    def __init__(self, text: object | None = None, **values: object) -> None:
        self._text = self.text if text is None else text
        self.values = values
        super().__init__(str(self._text))

    @property
    def message(self) -> str:
        text = str(self._text)
        try:
            return text % self.values if self.values else text
        except (KeyError, TypeError, ValueError):
            # A translation with a wrong placeholder must not hide the error it was to explain.
            return text

    def __str__(self) -> str:
        return self.message


class NotFound(AppError):
    status = 404
    title = _("Không tìm thấy")
    text = _("Trang hoặc dữ liệu này không có, hoặc không thuộc phạm vi anh/chị được xem.")


class SignInRequired(AppError):
    status = 401
    title = _("Cần đăng nhập")
    text = _("Phiên làm việc đã hết hoặc anh/chị chưa đăng nhập. Những gì đã lưu vẫn còn.")


class Forbidden(AppError):
    status = 403
    title = _("Không có quyền")
    text = _("Tài khoản của anh/chị chưa được giao quyền làm việc này.")


class FormExpired(Forbidden):
    title = _("Biểu mẫu đã hết hạn")
    text = _("Trang này mở quá lâu hoặc được gửi từ nơi khác. Hãy tải lại trang rồi gửi lại.")


class Conflict(AppError):
    status = 409
    title = _("Việc này đã được làm")
    text = _("Dữ liệu đã thay đổi ở nơi khác. Hãy tải lại trang để xem bản mới nhất.")


class TooLarge(AppError):
    status = 413
    title = _("Tệp quá lớn")
    text = _(
        "Phần vừa gửi lớn quá giới hạn nên chưa được nhận, chưa lưu gì. Hãy bấm Quay lại của trình duyệt để về"
        " biểu mẫu với chữ đã gõ, chọn tệp nhỏ hơn rồi gửi lại."
    )


class TooMany(AppError):
    status = 429
    title = _("Quá nhiều lần thử")
    text = _("Anh/chị đã thử quá nhiều lần. Hãy chờ một phút rồi thử lại.")

    def __init__(self, text: object | None = None, *, retry_after_s: int = 60, **values: object) -> None:
        super().__init__(text, **values)
        self.retry_after_s = retry_after_s


class StorageFull(AppError):
    status = 507
    title = _("Hết chỗ lưu trữ")
    text = _(
        "Máy chủ hết chỗ lưu trữ nên chưa nhận được những gì vừa gửi. Hãy báo người vận hành; những gì đã lưu vẫn còn."
    )


class StorageAway(AppError):
    status = 503
    title = _("Nơi giữ tệp không trả lời")
    text = _(
        "Máy chủ chưa mở được nơi giữ tệp nên chưa gửi hoặc chưa nhận được tệp này. Hãy thử lại sau ít phút; những gì"
        " đã báo “đã lưu” vẫn còn."
    )


class Invalid(AppError):
    """Input that cannot be taken; `fields` maps a form field to its message."""

    status = 422
    title = _("Dữ liệu chưa hợp lệ")
    text = _("Có chỗ chưa hợp lệ. Hãy xem các dòng được đánh dấu và sửa lại.")

    def __init__(self, text: object | None = None, *, fields: dict[str, str] | None = None, **values: object) -> None:
        super().__init__(text, **values)
        self.fields = fields or {}


class CommandFailed(AppError):
    """Ends a command with exit code 2 and this message, without a trace; `details` are printed one a line."""

    def __init__(self, text: object, details: Sequence[str] = (), **values: object) -> None:
        super().__init__(text, **values)
        self.details = list(details)

"""Every setting of the platform, read once from the environment."""

import re
from datetime import date
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import limits
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Names are the environment variables in lower case; descriptions become docs/configuration.md."""

    model_config = SettingsConfigDict(env_file=None, env_ignore_empty=True, extra="ignore", str_strip_whitespace=True)

    host: str = Field("127.0.0.1", description="Địa chỉ máy chủ lắng nghe.")
    port: int = Field(8000, ge=1, le=65535, description="Cổng máy chủ lắng nghe.")
    public_url: str = Field(
        "",
        description="Địa chỉ người dùng gõ vào trình duyệt; in trên giấy chứng nhận và mã QR. Trống: http://HOST:PORT.",
    )
    data_dir: Path = Field(ROOT / "var", description="Thư mục chứa cơ sở dữ liệu nhúng, khóa tự sinh và tệp xuất ra.")
    database_url: str = Field(
        "",
        description="Cơ sở dữ liệu. Trống: SQLite trong DATA_DIR. Ví dụ: sqlite:////srv/hocso.db, hoặc "
        "postgresql://hocso:mật-khẩu@may-csdl:5432/hocso (bản 15 trở lên). Sau pgbouncer kiểu transaction đời cũ: "
        "thêm ?prepare_threshold=none.",
    )
    media_url: str = Field(
        "",
        description="Nơi giữ tệp tải lên và tệp đã chuyển mã. Trống: thư mục media/. "
        "Ví dụ: file:///srv/media, hoặc kho S3: s3://tên-bucket/thư-mục.",
    )
    s3_endpoint: str = Field(
        "", description="Địa chỉ kho S3 của tỉnh, ví dụ https://kho.vidu.vn. Trống: Amazon S3 của S3_REGION."
    )
    s3_region: str = Field("us-east-1", description="Vùng của kho S3; kho riêng thường dùng giá trị mặc định.")
    s3_access_key: str = Field("", description="Tên khóa truy cập kho S3.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Khóa bí mật của kho S3.")
    courses_dir: Path = Field(ROOT / "courses", description="Thư mục các khóa học ban đầu, nạp khi seed.")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Khóa ký phiên và mã chống giả mạo. Trống: sinh một lần, giữ trong DATA_DIR/secret_key.",
    )
    field_key: SecretStr = Field(
        SecretStr(""),
        description="Khóa bọc các khóa mã hóa dữ liệu cá nhân (32 byte, base64). "
        "Trống: sinh một lần, giữ trong DATA_DIR/field_key.",
    )
    demo: bool = Field(
        False, description="1: tạo tài khoản và dữ liệu mẫu. Chỉ được phép khi HOST là địa chỉ nội bộ của máy."
    )
    workers: int = Field(
        1, ge=0, le=16, description="Số luồng làm việc nền chạy trong tiến trình máy chủ; 0: chạy riêng bằng lệnh work."
    )
    db_pool_size: int = Field(8, ge=2, le=64, description="Số kết nối cơ sở dữ liệu; cũng là số luồng xử lý yêu cầu.")
    upload_limit_mb: int = Field(
        512, ge=1, description="Giới hạn một tệp gửi cùng biểu mẫu (trình duyệt không có JavaScript), tính bằng MB."
    )
    resumable_limit_mb: int = Field(
        2048, ge=1, le=102_400,
        description="Giới hạn một tệp tải lên nối tiếp (mất mạng thì tải tiếp từ chỗ dở), tính bằng MB. Cần chỗ trống "
        "gấp ba tệp ấy trong lúc nhận.",
    )  # fmt: skip
    media_quota_mb: int = Field(
        51_200, ge=0,
        description="Số MB tệp của một đơn vị được chiếm trong kho, kể cả các bản máy chủ làm; 0: không giới hạn. "
        "Riêng cho từng đơn vị: Quản trị, Chỗ chứa tệp, hoặc lệnh media quota.",
    )  # fmt: skip
    drafts_kept_days: int = Field(
        30, ge=0, le=3650,
        description="Số ngày giữ đủ mọi lần lưu nháp của khóa học. Sau đó mỗi người mỗi ngày còn bản cuối, quá 90 ngày "
        "mỗi tuần còn bản cuối; bản đã công bố và bản có nơi nhắc tới giữ mãi. 0: không dọn.",
    )  # fmt: skip
    session_days: int = Field(
        14, ge=1, le=90, description="Số ngày một phiên đăng nhập còn hiệu lực kể từ lần dùng cuối."
    )
    session_cookie_secure: bool = Field(
        False, description="1: chỉ gửi cookie qua HTTPS (bật khi đứng sau máy chủ HTTPS)."
    )
    trusted_proxies: str = Field(
        "", description="Các địa chỉ máy chủ chuyển tiếp được tin tiêu đề X-Forwarded-For, cách nhau bằng dấu phẩy."
    )
    sign_in_limit: str = Field("10/minute", description="Số lần thử đăng nhập cho mỗi tài khoản và mỗi địa chỉ mạng.")
    second_factor_from: date = Field(
        date(2026, 1, 1),
        description="Từ ngày này, ai có vai trò phải bật xác thực hai bước rồi mới dùng tiếp được; trước ngày ấy chỉ "
        "được mời. Muốn có thời gian hướng dẫn: đặt một ngày sắp tới, ví dụ 2027-03-01. "
        "Tài khoản mẫu (DEMO=1) không bị hỏi.",
    )
    staff_idle_days: int = Field(
        45, ge=0, le=3650,
        description="Ai có vai trò mà ngần ấy ngày không dùng tài khoản thì tài khoản bị khóa cho đến khi quản trị cấp "
        "tỉnh mở lại (cấp độ 3, Nghị định 331/2026/NĐ-CP); báo trước 7 ngày. 0: không khóa. Tài khoản mẫu (DEMO=1) "
        "không bị khóa.",
    )  # fmt: skip
    verify_limit: str = Field("60/minute", description="Số lần tra cứu giấy chứng nhận cho mỗi địa chỉ mạng.")
    sign_up_limit: str = Field("60/hour", description="Số lần gửi biểu mẫu đăng ký cho mỗi địa chỉ mạng.")
    contact_limit: str = Field(
        "5/hour", description="Số lần gửi mã xác minh cho mỗi người, và cho mỗi số điện thoại hoặc email."
    )
    guest_limit: str = Field("600/hour", description="Số khách học không tài khoản bắt đầu từ mỗi địa chỉ mạng.")
    evidence_days: int = Field(
        90, ge=1, le=3650, description="Số ngày giữ tệp minh chứng sau khi đã duyệt hoặc từ chối; sau đó tệp bị xóa."
    )
    watch_log_months: int = Field(
        12, ge=1, le=120,
        description="Số tháng giữ nhật ký xem và đọc (từng đoạn đã xem) sau khi bài học đã xong; sau đó nhật ký bị "
        "xóa, kết quả và giờ học vẫn còn.",
    )  # fmt: skip
    signer_title: str = Field("Giám đốc", max_length=120, description="Chức vụ người ký in trên giấy chứng nhận.")
    signer_name: str = Field(
        "", max_length=120, description="Họ tên người ký in trên giấy chứng nhận. Trống: chỉ in chức vụ."
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Máy chủ gửi thư. smtp://tên:mật-khẩu@máy:587 mã hóa bằng STARTTLS, smtps://… mã hóa từ đầu, "
        "smtp+plain://… không mã hóa, chỉ dùng trong mạng nội bộ. Trống: không gửi thư, chỉ có hộp thông báo.",
    )
    mail_from: str = Field(
        "Học Số <hocso@localhost>", description="Tên và địa chỉ người gửi của thư, ví dụ Học Số <hocso@vidu.vn>."
    )
    sms_url: str = Field(
        "",
        description="Cổng tin nhắn SMS nhận POST JSON {to, text, ref} (docs/operations.md). Trống: không gửi tin nhắn, "
        "không xác minh được số điện thoại.",
    )
    sms_token: SecretStr = Field(SecretStr(""), description="Mã bí mật gửi kèm SMS_URL (Authorization: Bearer).")
    oidc_issuer: str = Field(
        "",
        max_length=300,
        description="Hệ thống đăng nhập OpenID Connect được liên kết, ví dụ https://dangnhap.vidu.vn "
        "(docs/sign-in.md). Trống: chỉ đăng nhập bằng mật khẩu, không có kết nối nào ra ngoài.",
    )
    oidc_client_id: str = Field("", description="Mã của Học Số ở hệ thống ấy (client_id).")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Bí mật của Học Số ở hệ thống ấy (client_secret).")
    oidc_label: str = Field(
        "hệ thống của tỉnh", max_length=60, description="Tên của hệ thống ấy, viết trên nút “Đăng nhập bằng …”."
    )
    oidc_scope: str = Field(
        "openid profile email", description="Những gì Học Số hỏi hệ thống ấy về một người (scope); phải có openid."
    )
    oidc_identity_claim: str = Field(
        "",
        description="Tên mục (claim) mang số căn cước, chỉ đặt khi hệ thống ấy đã xác thực số này. Trống: không dùng.",
    )
    statement_key: SecretStr = Field(
        SecretStr(""),
        description="Khóa ký nội dung mã QR trên giấy chứng nhận. Trống: sinh một lần, giữ trong "
        "DATA_DIR/statement_key; nhiều máy chủ thì đặt cùng một giá trị.",
    )
    signing_pkcs12: str = Field(
        "",
        description="Tệp PKCS#12 (.p12, .pfx) chứa khóa và chứng thư số của cơ quan cấp, để ký bản PDF. Trống: tự sinh "
        "khóa thử nghiệm, và giấy in rõ là bản dùng thử.",
    )
    signing_password: SecretStr = Field(SecretStr(""), description="Mật khẩu của tệp SIGNING_PKCS12.")
    signing_tsa_url: str = Field(
        "", description="Địa chỉ máy chủ dấu thời gian (RFC 3161). Trống: chữ ký không kèm dấu thời gian."
    )
    ffmpeg: str = Field("", description="Đường dẫn ffmpeg. Trống: ffmpeg của hệ thống, nếu không có thì bản đi kèm.")
    transcode_timeout_s: int = Field(
        3600, ge=10, description="Thời gian tối đa cho một lần chuyển mã video, tính bằng giây."
    )
    libreoffice: str = Field(
        "",
        description="Đường dẫn LibreOffice (soffice), để DOCX, PPTX, ODT, ODP hiện từng trang trong bài. Trống: "
        "LibreOffice của hệ thống; không có thì các tệp ấy chỉ để tải về.",
    )
    convert_timeout_s: int = Field(
        180, ge=10, description="Thời gian tối đa cho một lần chuyển tài liệu sang PDF, tính bằng giây."
    )
    province_code: str = Field("24", description="Mã đơn vị cấp tỉnh ở gốc cây đơn vị.")
    open_data: bool = Field(
        False,
        description="1: công bố số liệu tổng hợp theo tháng ở /open-data cho mọi người; số dưới 5 được che.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Mức ghi nhật ký.")

    @model_validator(mode="after")
    def _fill(self) -> "Settings":
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir.resolve() / 'hocso.db'}"
        if not self.media_url:
            # as_uri() escapes: the project may lie in a folder named "Học Số #1".
            self.media_url = (ROOT / "media").as_uri()
        if not self.public_url:
            self.public_url = self.own_url
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret.get_secret_value()):
            raise ValueError("OIDC_ISSUER cần đi cùng OIDC_CLIENT_ID và OIDC_CLIENT_SECRET.")
        self.public_url = self.public_url.rstrip("/")
        # Demo accounts have known passwords: they never listen to the world (DESIGN 9).
        if self.demo and not _is_loopback(self.host):
            raise ValueError("DEMO=1 chỉ được dùng khi HOST là địa chỉ nội bộ (127.0.0.1, ::1, localhost).")
        return self

    @field_validator("staff_idle_days")
    @classmethod
    def _leaves_time(cls, value: int) -> int:
        # Who uses the account every other week is not to be warned each time.
        if 0 < value < 14:
            raise ValueError("cần là 0 (không khóa) hoặc ít nhất 14")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", value):
            raise ValueError("cần bắt đầu bằng http:// hoặc https://, ví dụ https://hocso.bacninh.gov.vn")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        if value and not re.fullmatch(
            r"https://[^\s/?#]+[^\s?#]*|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?#]*)?", value
        ):
            raise ValueError("cần bắt đầu bằng https://, không có dấu ? hay #")
        return value

    @field_validator("oidc_scope")
    @classmethod
    def _asks_who(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("cần có openid")
        return value

    @field_validator("sms_url")
    @classmethod
    def _is_gateway(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#]+[^\s#]*", value):
            raise ValueError("cần bắt đầu bằng https:// hoặc http:// (chỉ trong mạng nội bộ)")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"smtp(s|\+plain)?://[^\s/]+", value.get_secret_value()):
            raise ValueError("cần có dạng smtp://tên:mật-khẩu@máy:587, smtps://… hoặc smtp+plain://…")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        if not re.fullmatch(r"[^<>@\s]+@[^<>@\s]+", parseaddr(value)[1]):
            raise ValueError("cần có dạng Tên <địa-chỉ@máy>")
        return value

    @field_validator("sign_in_limit", "verify_limit", "sign_up_limit", "contact_limit", "guest_limit")
    @classmethod
    def _is_limit(cls, value: str) -> str:
        try:
            limits.parse(value)
        except ValueError:
            raise ValueError("cần có dạng số lần/đơn vị thời gian, ví dụ 10/minute") from None
        return value

    @property
    def own_url(self) -> str:
        """Where this process listens."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def upload_limit_bytes(self) -> int:
        return self.upload_limit_mb * 1024 * 1024

    @property
    def resumable_limit_bytes(self) -> int:
        return self.resumable_limit_mb * 1024 * 1024


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process; tests call `get_settings.cache_clear()` after changing the environment."""
    return Settings()

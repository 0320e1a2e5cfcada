"""What a careful editor says of each kind of finding: its name, why it matters, how to mend it in the studio.

The rules themselves are in lesson_text.py and quality.py; `courses check` and the page before publication share them.
"""

from dataclasses import dataclass

from app.core.i18n import lazy as _


@dataclass(frozen=True)
class Advice:
    title: _
    why: _
    how: _


# By rule, in the order one would mend them.
ADVICE: dict[str, Advice] = {
    "written": Advice(
        _("Chỗ còn để trống của dàn ý"),
        _("Người học sẽ thấy nguyên câu nhắc dành cho người soạn."),
        _("Mở bài, viết đè lên chỗ trong dấu ngoặc vuông, hoặc xóa cả dòng."),
    ),
    "captions": Advice(
        _("Thiếu phụ đề"),
        _("Người khiếm thính và người học ở nơi ồn không theo được video không có phụ đề."),
        _("Ở trang xem thử của bài bấm Phụ đề: viết ngay cạnh video, hoặc tải tệp .srt, .vtt có sẵn."),
    ),
    "alt": Advice(
        _("Thiếu lời tả hình"),
        _("Người không nhìn thấy hình nghe lời tả; mạng yếu chưa tải được hình thì lời tả hiện thay."),
        _("Tả điều hình cho thấy, một hai câu, như đang nói qua điện thoại; viết ở ô tả ảnh bằng lời."),
    ),
    "figures": Advice(
        _("Hình, video chưa có chú thích"),
        _("Chú thích nói người học cần nhìn gì trong hình."),
        _("Thêm một dòng chú thích dưới hình: đây là gì, xem chỗ nào."),
    ),
    "files": Advice(
        _("Tệp nhắc trong bài mà không dùng được"),
        _("Chỗ ấy sẽ trống hoặc chặn việc lưu bài."),
        _("Tải tệp lên ở phần tệp của bài, hoặc xóa dòng nhắc tên nó."),
    ),
    "links": Advice(
        _("Liên kết không mở được"),
        _("Bấm vào mà không tới đâu thì người học bỏ dở."),
        _("Sửa địa chỉ cho đúng; địa chỉ ngoài bắt đầu bằng https://, trang của ta bằng dấu /."),
    ),
    "embeds": Advice(
        _("Video của nơi khác chỉ là liên kết"),
        _("Bấm vào là rời bài sang trang khác; người học dễ không quay lại."),
        _("Dùng địa chỉ của nơi có trong danh sách được nhúng, đứng riêng một đoạn; hoặc tải video lên đây."),
    ),
    "objectives": Advice(
        _("Thiếu mục tiêu của bài"),
        _("Người học cần biết học xong làm được gì, để chọn học và tự kiểm tra."),
        _("Ở ô “Học xong, người học làm được gì?” ghi ít nhất hai dòng, mỗi dòng bắt đầu bằng động từ."),
    ),
    "quiz": Advice(
        _("Bài kiểm tra"),
        _("Bài bắt buộc không có câu hỏi thì không biết người học đã hiểu chưa; quá ít câu thì đoán cũng đúng."),
        _("Ở trang xem thử hay dàn bài mở phần câu hỏi của bài: thêm từng câu, hoặc cả tệp Excel."),
    ),
    "explanation": Advice(
        _("Câu hỏi thiếu lời giải thích"),
        _("Trả lời sai mà không biết vì sao thì lần sau vẫn sai."),
        _("Mở câu hỏi, ghi vì sao đáp án đúng và chỗ hay nhầm, một hai câu."),
    ),
    "steps": Advice(
        _("Thiếu các bước làm"),
        _("Người học làm theo từng bước, không làm theo lời kể."),
        _("Thêm một khung Các bước với ít nhất ba bước đánh số."),
    ),
    "layout": Advice(
        _("Cách trình bày"),
        _("Khung gõ sai hiện ra thành ký hiệu; thiếu chỗ hay nhầm thì người học vấp đúng chỗ ấy."),
        _("Dùng nút Khung trong thanh công cụ; mỗi bài có ít nhất một khung Hay nhầm."),
    ),
    "length": Advice(
        _("Độ dài của bài"),
        _("Bài quá ngắn không đủ học, quá dài thì người học trên điện thoại bỏ giữa chừng."),
        _("Tách bài dài thành hai, thêm ví dụ vào bài ngắn, hoặc ghi lại số phút cho đúng."),
    ),
    "sentences": Advice(
        _("Câu khó đọc"),
        _("Câu dài trên 40 chữ, người đọc trên điện thoại phải đọc lại từ đầu."),
        _("Mỗi câu một ý: chấm câu sớm hơn, chuyển phần liệt kê thành gạch đầu dòng."),
    ),
    "copied": Advice(
        _("Đoạn chép lại"),
        _("Đọc hai lần một đoạn, người học tưởng mình bấm nhầm bài."),
        _("Giữ một chỗ; chỗ kia viết cho hợp với tình huống của bài."),
    ),
    "sources": Advice(
        _("Nguồn đã cũ hoặc sai ngày"),
        _("Bài dựa vào văn bản hết hiệu lực thì dạy điều không còn đúng."),
        _("Thay bằng văn bản mới, đọc lại đoạn dựa vào nó; ghi đúng số và ngày ban hành."),
    ),
    "weight": Advice(
        _("Nặng với đường truyền chậm"),
        _("Ở nơi mạng yếu người học chờ lâu, hoặc tốn dữ liệu trả tiền."),
        _("Cắt video thành các đoạn dưới 5 phút, giảm cỡ ảnh trong tài liệu, dùng ảnh WebP hoặc JPEG."),
    ),
    "translation": Advice(
        _("Bản dịch chưa đủ hoặc đã cũ"),
        _("Người học gặp phần chưa dịch bằng thứ tiếng của bài gốc; phần cũ có thể nói khác bài gốc."),
        _("Ở trang xem thử của bài bấm Bản dịch: dịch các phần còn thiếu, xem lại các phần bài gốc đã sửa."),
    ),
    "hours": Advice(
        _("Số giờ và điều kiện hoàn thành"),
        _("Giấy chứng nhận in số giờ của khóa học; điều kiện không ai đạt được thì không ai hoàn thành."),
        _("Ở Thông tin khóa học sửa số giờ cho khớp tổng số phút của các bài bắt buộc, và xem lại điều kiện."),
    ),
    "outline": Advice(
        _("Khác đề cương của chương trình"),
        _("Khóa học theo kế hoạch phải đủ bài và đúng tên như đề cương đã duyệt."),
        _("Đổi tên, thêm hoặc xếp lại bài theo đề cương."),
    ),
}

"""A learner's page in the preview's frame: links lead to previews, the rest is off."""

import pytest

from app.authoring.review.framing import framed

OFF = ' role="link" aria-disabled="true" title="Không mở được trong khung xem thử"'


def leads(address: str) -> str:
    return {"/learn/a/1": "/studio/a/1?x=1&y=2", "/hand-in?token=<": "/try"}.get(address, "")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ('<a class="btn" href="/learn/a/1">1</a>', '<a class="btn" href="/studio/a/1?x=1&amp;y=2">1</a>'),
        ('<a href="#state" class="x">xuống</a>', '<a href="#state" class="x">xuống</a>'),
        ('<a href="/my" class="x">2</a>', f'<a class="x"{OFF}>2</a>'),
        ('<a href="https://ngoai.vn/\\1">3</a>', f"<a{OFF}>3</a>"),
        ('<abbr title="a">b</abbr>', '<abbr title="a">b</abbr>'),
        (
            '<form method="post" action="/learn/a/1"><button>Gửi</button><button formaction="/x">Khác</button></form>',
            '<form method="post" action="/studio/a/1?x=1&amp;y=2"><button>Gửi</button>'
            '<button formaction="/x" disabled>Khác</button></form>',
        ),
        (
            '<form action="/x"><button type="submit">Gửi</button></form><button>Ngoài</button>',
            '<form action="/x"><button type="submit" disabled>Gửi</button></form><button disabled>Ngoài</button>',
        ),
        (
            '<form action="/x"><button formaction="/hand-in?token=&lt;">Nộp</button></form>',
            '<form action="/x"><button formaction="/try">Nộp</button></form>',
        ),
    ],
)
def test_what_leads_nowhere_is_off_and_the_rest_leads_into_the_preview(given: str, shown: str) -> None:
    assert framed(f"<main>{given}</main>", leads) == f"<main>{shown}</main>"

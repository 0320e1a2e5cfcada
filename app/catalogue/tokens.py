"""Tokens of a lesson's text: words of one, HTML of ours in place of one, boxes and tables as a phone can show them."""

from collections.abc import Sequence
from html import escape

from markdown_it.token import Token

from app.catalogue.box_words import box_word


def words(child: Token) -> str:
    """What a part of a line says."""
    # The description of a picture is said to those who do not see it; it is found by search, too.
    return child.content if child.type in ("text", "code_inline", "image") else ""


def raw(html: str) -> Token:
    """A token that renders as this HTML of ours; the author's text in it must be escaped."""
    return Token("html_block", "", 0, content=html)


def with_boxes(tokens: list[Token]) -> list[Token]:
    """Call-outs as `note` boxes, `::: gallery` as a grid, `::: steps` as a numbered list, a box in each item."""
    shaped: list[Token] = []
    item_level: int | None = None  # of the items of the steps we are in
    for token in tokens:
        name = token.type.removeprefix("container_").removesuffix("_open").removesuffix("_close")
        if token.type == "container_steps_open":
            item_level = token.level + 2
        elif token.type == "container_steps_close":
            item_level = None
        elif token.type == "container_gallery_open":
            shaped.append(raw('<div class="gallery">\n'))
        elif token.type == f"container_{name}_open":
            title = token.info.strip().removeprefix(name).strip() or box_word(name)
            kind = "note" if name == "note" else f"note {name}"
            shaped.append(raw(f'<div class="{kind}">\n<p class="name">{escape(title)}</p>\n'))
        elif token.type == f"container_{name}_close":
            shaped.append(raw("</div>\n"))
        elif item_level is not None and token.level == item_level and token.type == "list_item_open":
            shaped += [token, raw("<div>")]
        elif item_level is not None and token.level == item_level and token.type == "list_item_close":
            shaped += [raw("</div>"), token]
        else:
            if item_level is not None and token.level == item_level - 1 and token.type == "ordered_list_open":
                token.attrSet("class", "steps")
            shaped.append(token)
    return shaped


def with_tables(tokens: list[Token]) -> list[Token]:
    """Tables scroll within themselves; with three columns they become cards on a phone, each cell naming its column."""
    shaped: list[Token] = []
    heads: list[str] = []
    column = 0
    labels: dict[str, int] = {}
    language = "vi"
    for place, token in enumerate(tokens):
        if token.type == "language":
            language = token.meta["lang"]
        _class_instead_of_style(token)
        if token.type == "table_open":
            heads = _heads_of_table(tokens, place)
            label = escape(f"{box_word('table', language)}: " + ", ".join(head for head in heads if head))
            labels[label] = labels.get(label, 0) + 1
            if labels[label] > 1:
                # Two tables with the same heads are still two places to go to.
                label += f" ({labels[label]})"
            shaped.append(raw(f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'))
            if len(heads) > 2:
                token.attrSet("class", "cards")
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open" and not tokens[place + 1].content:
            # The corner of a table that compares: a head that says nothing is none.
            token.tag = tokens[place + 2].tag = "td"
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type in ("td_open", "td_close") and column == 0:
            token.tag = "th"
            if token.type == "td_open":
                token.attrSet("scope", "row")
            else:
                column = 1
        elif token.type == "td_open" and tokens[place + 1].content:
            token.attrSet("data-label", heads[column])
            shaped += [token, raw("<div>")]
            continue
        elif token.type == "td_close":
            if tokens[place - 1].content:
                shaped.append(raw("</div>"))
            column += 1
        shaped.append(token)
        if token.type == "table_close":
            shaped.append(raw("</div>\n"))
    return shaped


def _heads_of_table(tokens: Sequence[Token], place: int) -> list[str]:
    heads = []
    for token, after in zip(tokens[place:], tokens[place + 1 :], strict=False):
        if token.type == "thead_close":
            break
        if token.type == "th_open":
            heads.append("".join(words(child) for child in after.children or ()))
    return heads


def _class_instead_of_style(cell: Token) -> None:
    # The parser aligns columns by a style attribute, which our content-security policy rightly ignores.
    style = cell.attrs.pop("style", None)
    if style in ("text-align:right", "text-align:center"):
        cell.attrSet("class", "n" if style == "text-align:right" else "c")

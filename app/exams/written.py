"""Essays in a room are written on the page. Choosing a file would leave it, which the page notices and tells of."""

from typing import Any

from app.catalogue.banks import DrawnFrom
from app.catalogue.questions import Question
from app.catalogue.questions.essay import takes_files, takes_text


def wants_only_files(question: Question) -> bool:
    """Whether there is nothing to write."""
    return takes_files(question) and not takes_text(question)


def in_writing(source: DrawnFrom) -> DrawnFrom:
    """Without questions that want only files: a bank may have got them after the sitting was planned."""
    pools = {bank: [one for one in pool if not wants_only_files(one)] for bank, pool in source.pools.items()}
    return DrawnFrom(pools, source.files)


def without_files(paper: dict[str, Any]) -> dict[str, Any]:
    """The paper with every essay asking for a text alone."""
    asked = [question | {"accept": ["text"]} if takes_files(question) else question for question in paper["questions"]]
    return paper | {"questions": asked}

"""Papers behind declared figures."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class FigureDocument(Base):
    """The paper a declared figure was taken from, sealed in the storage; a list of figures may share one.

    `sha256` is of the file as it was handed in.
    """

    __tablename__ = "figure_document"

    figure_id: Mapped[int] = mapped_column(ForeignKey("declared_figure.id"), primary_key=True, autoincrement=False)
    file_name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))

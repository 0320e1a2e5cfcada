"""The list of people among the kinds of lists; its rows are kept and worked on one by one (app/identity/imports)."""

from app.identity.lists.sheet_imports import ListKind

PEOPLE = ListKind("people", "identity.import_people", "people.import")

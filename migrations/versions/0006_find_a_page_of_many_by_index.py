"""find a page of many by index: indexes that hold all that lists and sums of a whole province ask for"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name, table in (
        ("ix_affiliation_person_id_started_on", "affiliation"),
        ("ix_affiliation_unit_id", "affiliation"),
        ("ix_completion_post_unit_id", "completion_post"),
        ("ix_unit_closure_down", "unit_closure"),
    ):
        op.drop_index(name, table)
    for table, columns in (
        ("affiliation", ["person_id", "started_on", "ended_on", "unit_id"]),
        ("affiliation", ["unit_id", "started_on", "ended_on", "person_id"]),
        ("certificate", ["issued_on", "completion_id"]),
        ("completion", ["course_version_id", "completed_on"]),
        ("completion_post", ["unit_id", "completion_id"]),
        ("enrolment", ["course_version_id", "enrolled_at", "person_id"]),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    op.create_index(
        "ix_unit_closure_down", "unit_closure", ["ancestor_id", "valid_from", "valid_to", "carried", "descendant_id"]
    )

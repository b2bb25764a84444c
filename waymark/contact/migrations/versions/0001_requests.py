"""Requests, attempts, notices, the audit trail and staff accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "contact_request",
        sa.Column("reference", sa.String(7), primary_key=True),
        sa.Column("idempotency", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.Float, nullable=False, index=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("changed", sa.Float, nullable=False),
        sa.Column("sealed", sa.Text),
    )
    op.create_table(
        "contact_attempt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reference", sa.String(7), nullable=False, index=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("sealed", sa.Text),
    )
    op.create_table(
        "contact_notice",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("reference", sa.String(7), nullable=False, index=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("delivered", sa.String(40), nullable=False),
        sa.Column("lease", sa.String(36)),
        sa.Column("leased_until", sa.Float, nullable=False),
        sa.Column("sent_at", sa.Float),
        sa.Column("error", sa.String(80)),
    )
    op.create_table(
        "contact_audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False, index=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("act", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(7), index=True),
        sa.Column("detail", sa.String(80), nullable=False),
    )
    op.create_table(
        "contact_staff",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("password", sa.String(160), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.Float, nullable=False),
        sa.Column("sessions", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them all."""
    for table in ("contact_staff", "contact_audit", "contact_notice", "contact_attempt", "contact_request"):
        op.drop_table(table)

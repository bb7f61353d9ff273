"""What clients are found by; those of before are entered by the stream."""

from alembic import op

revision = "intake_0010"
down_revision = "intake_0009"
branch_labels = None
depends_on = "kernel_0014"  # forgotten_owner


def upgrade() -> None:
    op.execute("""
    -- Keyed hashes: of site, field and a name, a part of it, a date or a number.
    CREATE TABLE search_token (
        token bytea NOT NULL,
        client_id uuid NOT NULL,
        PRIMARY KEY (token, client_id)
    );
    CREATE INDEX search_token_of_client ON search_token (client_id);

    -- With the key of who is forgotten goes by what they were recognised and found. Also where a
    -- database was restored to before that: it is forgotten again before anything is served.
    CREATE FUNCTION forget_likeness() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM likeness WHERE client_id = CAST(substr(NEW.owner, 8) AS uuid);
        DELETE FROM search_token WHERE client_id = CAST(substr(NEW.owner, 8) AS uuid);
        RETURN NEW;
    END $$;
    CREATE TRIGGER client_forgotten AFTER INSERT ON forgotten_owner
    FOR EACH ROW WHEN (NEW.owner LIKE 'client/%') EXECUTE FUNCTION forget_likeness();
    """)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")

"""The private and the published log; what was heard, is due and was derived; documents."""

from alembic import op

revision = "kernel_0001"
down_revision = None
branch_labels = ("kernel",)
depends_on = None

TABLES = """
-- The private log: what this service decided. A stream an aggregate; (stream, version) is the lock.
CREATE TABLE fact (
    stream text NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    command_id uuid NOT NULL,
    correlation text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream, version)
);
CREATE INDEX fact_of_command ON fact (command_id);

-- Accepted commands. The digest is keyed: a command may hold identity.
CREATE TABLE command (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The published log, which is the outbox too: 1, 2, 3 … for each subject, without holes.
CREATE TABLE sequence (
    subject text PRIMARY KEY,
    last bigint NOT NULL,
    last_id uuid NOT NULL
);
CREATE TABLE published (
    subject text NOT NULL,
    sequence bigint NOT NULL,
    id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    body bytea NOT NULL,
    headers jsonb NOT NULL,
    command_id uuid,
    position bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    PRIMARY KEY (subject, sequence)
);
CREATE INDEX published_unsent ON published (position) WHERE sent_at IS NULL;
CREATE INDEX published_of_command ON published (command_id) WHERE command_id IS NOT NULL;

-- Raised by an operator when the database is restored to an earlier point.
CREATE TABLE epoch (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch bigint NOT NULL
);
INSERT INTO epoch (epoch) VALUES (1);

-- A row to lock for each subject that something is derived from.
CREATE TABLE subject (subject text PRIMARY KEY);

-- Where this service stands in others' logs.
CREATE TABLE heard_topic (
    topic text PRIMARY KEY,
    epoch bigint NOT NULL,
    types text[] NOT NULL,
    stopped text
);
CREATE TABLE heard_head (
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    id uuid,
    behind_to bigint,
    stopped text,
    PRIMARY KEY (topic, subject)
);
CREATE INDEX heard_head_behind ON heard_head (topic, subject) WHERE behind_to IS NOT NULL;

-- The facts derivations rest on: others' that were heard, and this service's own.
CREATE TABLE heard_fact (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    body bytea NOT NULL,
    label text NOT NULL,
    recorded_at timestamptz NOT NULL,
    refs text[] NOT NULL
);
CREATE INDEX heard_fact_of_subject ON heard_fact (subject);
CREATE INDEX heard_fact_refs ON heard_fact USING gin (refs);

-- What has to be derived again. A key is drained only at the mark it was taken at.
CREATE TABLE due (
    derivation text NOT NULL,
    key text NOT NULL,
    mark bigint NOT NULL DEFAULT 1,
    raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    error text,
    PRIMARY KEY (derivation, key)
);

CREATE TABLE derived (
    id uuid NOT NULL,
    revision int NOT NULL,
    derivation text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    row_key text NOT NULL,
    content jsonb NOT NULL,
    provenance jsonb NOT NULL,
    withdrawn boolean NOT NULL,
    current boolean NOT NULL,
    derived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, revision)
);
CREATE UNIQUE INDEX derived_current ON derived (id) WHERE current;
CREATE INDEX derived_of_key ON derived (derivation, key) WHERE current;
CREATE INDEX derived_of_kind ON derived (kind) WHERE current;

-- Records that could not be used, with their bytes; no value of theirs is in `error`.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    subject text,
    type text,
    headers jsonb NOT NULL,
    body bytea,
    error text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (topic, partition, record_offset, subject)
);

-- Identity, free text and files, sealed under a key of their owner's own.
CREATE TABLE data_key (owner text PRIMARY KEY, wrapped bytea NOT NULL);
CREATE TABLE document (
    owner text NOT NULL REFERENCES data_key,
    kind text NOT NULL,
    version bigint NOT NULL,
    sealed bytea NOT NULL,
    digest bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, kind, version)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    raise RuntimeError("the record is never taken down; restore a backup instead")

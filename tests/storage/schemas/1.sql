-- The first tables. Written for SQLite; database.py translates the few words PostgreSQL spells otherwise.

CREATE TABLE installation (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE account (
    name TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    password TEXT NOT NULL
) STRICT;

-- `terms` is frozen when the round opens; no statement in this program updates it.
CREATE TABLE round (
    id TEXT NOT NULL PRIMARY KEY,
    terms TEXT NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0,
    lost_boxes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One row a unit, made when the round opens. No time, no number, no second key.
CREATE TABLE box (
    round_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (round_id, unit_id)
) STRICT;

CREATE TABLE slip_set (
    round_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    tag TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (round_id, unit_id)
) STRICT;

-- Running sums of published batches. Option is 1..n, a kind of no answer, or withheld.
CREATE TABLE tally (
    round_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    statement_id TEXT NOT NULL,
    option TEXT NOT NULL,
    answers INTEGER NOT NULL,
    PRIMARY KEY (round_id, node_id, statement_id, option)
) STRICT;

CREATE TABLE snapshot (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    document TEXT NOT NULL
) STRICT;

-- Addresses that lead to a unit's box: a paired kiosk or a poster.
CREATE TABLE link (
    code TEXT NOT NULL PRIMARY KEY,
    admission TEXT NOT NULL,
    unit_id TEXT NOT NULL
) STRICT;

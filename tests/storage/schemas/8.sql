-- The index of changes, tokens of programs, and comments on statements.

CREATE TABLE change_index (
    id INTEGER NOT NULL CHECK (id = 1),
    document TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT;

CREATE TABLE api_token (
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    made_at TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT;

CREATE TABLE comment (
    round_id TEXT NOT NULL,
    statement_id TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (round_id, statement_id)
) STRICT;

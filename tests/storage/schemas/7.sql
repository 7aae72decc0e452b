-- Tickets of taps, second factors with their recovery codes, and one-time links of accounts.

CREATE TABLE output_ticket (
    ticket TEXT NOT NULL,
    month TEXT NOT NULL,
    PRIMARY KEY (ticket)
) STRICT;

CREATE TABLE second_factor (
    name TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    last_step INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT;

CREATE TABLE recovery_code (
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (name, digest)
) STRICT;

CREATE TABLE account_link (
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (digest)
) STRICT;

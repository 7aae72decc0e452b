-- What staff keep besides rounds, and what kiosks without a network need.

-- Addresses of wall screens: the snapshot at one place, for whoever stands before it.
CREATE TABLE wall (
    code TEXT NOT NULL PRIMARY KEY,
    node_id TEXT NOT NULL
) STRICT;

-- Who of the staff did what. `number` keeps the order.
CREATE TABLE log (
    number INTEGER NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    name TEXT NOT NULL,
    deed TEXT NOT NULL,
    what TEXT NOT NULL
) STRICT;

-- "You said, we did": what came of a round, told to guests on their start screen.
CREATE TABLE reply (
    round_id TEXT NOT NULL,
    language TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (round_id, language)
) STRICT;

-- Slips of a closed round, by print run: how many were printed, how many came back. Nothing while it runs.
CREATE TABLE slip_count (
    round_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    run INTEGER NOT NULL,
    printed INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (round_id, unit_id, run)
) STRICT;

-- Ballots of a closed round that were sent in play, too fast for people: how many. Nothing while it runs.
CREATE TABLE apart (
    round_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    ballots INTEGER NOT NULL,
    PRIMARY KEY (round_id, unit_id)
) STRICT;

-- What staff did for guests: how many of a kind in a month at a unit. No day, no guest.
CREATE TABLE activity (
    unit_id TEXT NOT NULL,
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (unit_id, month, kind)
) STRICT;

-- Figures counted elsewhere, before there was a kiosk; shown beside the rounds and marked.
CREATE TABLE imported (
    id TEXT NOT NULL PRIMARY KEY,
    figures TEXT NOT NULL
) STRICT;

-- Where kiosks' envelopes for a box come in: its public key, and sealed its private key and the tickets taken.
CREATE TABLE letterbox (
    round_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (round_id, unit_id)
) STRICT;

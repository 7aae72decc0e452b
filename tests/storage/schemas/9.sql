-- Choices of mail, queued mail, and when kiosks were last in contact.

CREATE TABLE mail_choice (
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    summary INTEGER NOT NULL,
    silence INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT;

CREATE TABLE outgoing_mail (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    queued_at TEXT NOT NULL,
    next_try TEXT NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT;

CREATE TABLE kiosk_contact (
    code TEXT NOT NULL,
    after_count TEXT NOT NULL,
    is_reported INTEGER NOT NULL,
    PRIMARY KEY (code)
) STRICT;

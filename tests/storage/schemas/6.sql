-- Counters of outputs with targets, typed figures and effect reports. The six kinds of activities are gone.

CREATE TABLE output_count (
    unit_id TEXT NOT NULL,
    month TEXT NOT NULL,
    counter TEXT NOT NULL,
    target TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (unit_id, month, counter, target)
) STRICT;

DROP TABLE activity;

CREATE TABLE typed_figure (
    node_id TEXT NOT NULL,
    period TEXT NOT NULL,
    counter TEXT NOT NULL,
    quality TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (node_id, period, counter)
) STRICT;

CREATE TABLE report (
    id TEXT NOT NULL,
    terms TEXT NOT NULL,
    PRIMARY KEY (id)
) STRICT;

CREATE TABLE report_text (
    report_id TEXT NOT NULL,
    part TEXT NOT NULL,
    version INTEGER NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (report_id, part)
) STRICT;

CREATE TABLE report_edition (
    report_id TEXT NOT NULL,
    edition INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (report_id, edition)
) STRICT;

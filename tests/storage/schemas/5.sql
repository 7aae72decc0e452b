-- Numbers of batches of protected rounds, by node.

CREATE TABLE batches (
    round_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (round_id, node_id)
) STRICT;

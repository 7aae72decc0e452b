ALTER TABLE apart RENAME TO excluded_rapid;

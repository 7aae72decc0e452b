"""Pure rules: no web framework, SQL, files, clock or global randomness."""

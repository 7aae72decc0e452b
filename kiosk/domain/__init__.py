"""The rules: plain Python that knows no web, SQL, files, clock or global randomness."""

"""Operation: the server, the count, backups, the doctor, the demonstration."""

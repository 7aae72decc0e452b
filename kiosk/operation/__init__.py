"""What an operator runs: the server, the count, backup, the doctor, the demonstration."""

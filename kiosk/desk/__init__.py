"""The staff's side: sign-in, rounds and results."""

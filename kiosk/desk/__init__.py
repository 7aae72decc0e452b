"""The staff's side: sign-in, rounds, results, surveys and devices."""

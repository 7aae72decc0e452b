"""Sign-in and its throttle."""

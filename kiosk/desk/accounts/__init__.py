"""Accounts: those of all staff, for coordinators; the own account; one-time links."""

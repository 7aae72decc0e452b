"""The guests' side. It sets no cookie, opens no session and writes no log line."""

"""The guest's side: screens that set no cookie, open no session and write no log line."""

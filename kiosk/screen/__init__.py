"""The guest's screens without routes: pages, questions, texts, speech, headers."""

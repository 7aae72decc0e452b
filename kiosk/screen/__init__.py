"""What a guest sees and hears: pages, questions, texts, speech, headers. No routes."""

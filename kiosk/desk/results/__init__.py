"""The results pages: charts, sentences, walls, earlier figures."""

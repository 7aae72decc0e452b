"""The results pages: charts, sentences, wall screens, earlier figures."""

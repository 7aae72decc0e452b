"""Output for readers: charts, exports, paper."""

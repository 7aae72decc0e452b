"""What leaves the program to be read: charts, exports, paper."""

"""Reads and writes the files that people edit: surveys, scales, trees, catalogues, spreadsheets."""

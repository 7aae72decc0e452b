"""Files that people write: surveys, scales, trees, catalogues, spreadsheets."""

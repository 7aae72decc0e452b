"""The trees of units: their page, and the editor of the installation's own."""

"""Effect reports: writing, publishing and downloading them."""

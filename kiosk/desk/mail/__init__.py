"""E-mail to staff: its texts, the page of the queue, and the form of a person's choices."""

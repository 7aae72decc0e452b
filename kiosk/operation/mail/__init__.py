"""E-mail to staff: the connection to the mail server, the sending of the queue, and the watch on kiosks."""

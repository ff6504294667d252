"""What goes wrong on the command line's side: each error's text is one line that says what to do."""

from __future__ import annotations


class ClientError(Exception):
    """A failure that the user can understand and act on; the command prints its text and exits with 1."""

"""The embedded AWS's own fixtures, for the statements and requests of the product."""

from local.tests.conformance.conftest import emulator

__all__ = ["emulator"]

"""The embedded warehouse's own fixtures, for the statements of the product."""

from local.tests.conformance.redshift.conftest import own_redshift, redshift, shared_redshift

__all__ = ["own_redshift", "redshift", "shared_redshift"]

"""Tests that read the packaged CloudFormation and the packaged zips."""

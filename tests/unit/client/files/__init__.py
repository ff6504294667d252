"""Tests of the one reader."""

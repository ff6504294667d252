"""Breaks the running stack on purpose, by seeds, and proves that nothing is lost and nothing is twice."""

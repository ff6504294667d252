"""Brings a stage's warehouse up to date: `swipeline migrate`."""

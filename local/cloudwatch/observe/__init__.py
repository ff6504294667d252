"""The metrics that AWS's services publish of themselves, observed in MiniStack's functions as they do their work.

Counted in the emulator's process, without a request: a few microseconds per call.
"""

"""Property tests have no deadline: on a busy machine a slow example is no wrong one."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("swipeline", deadline=None)
settings.load_profile("swipeline")

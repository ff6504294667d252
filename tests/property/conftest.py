"""Property tests have no deadline: on a busy machine a slow example is no wrong one."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

settings.register_profile("swipeline", deadline=None)
# For tests/chaos/mutations.py: that a test fails is enough to know.
settings.register_profile("unshrunk", deadline=None, database=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "swipeline"))

"""No property may fail because a machine is busy: how long one example takes is nothing a user can see."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

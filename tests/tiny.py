"""Small datasets for tests, the ones on which ``stcore.testing`` checks promises."""

from stcore.testing.data import small_data as tiny

__all__ = ["tiny"]

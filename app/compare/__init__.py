"""The Compare view, in parts."""

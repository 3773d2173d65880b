"""Experiments in the Compare view: the form, the list, the report."""

"""A distillation in the making, what it came to, and its sets against all the data."""

"""What can be read off a run's trace about how it chose its samples; numbers only, drawn elsewhere."""

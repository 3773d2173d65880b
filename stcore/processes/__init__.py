"""How work is started: in this process (jobs), in one that outlives it, in a short one, or in one that stays."""

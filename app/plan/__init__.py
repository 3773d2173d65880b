"""The deployment plan: which sensors stay, what that costs, tried live and confirmed by training."""

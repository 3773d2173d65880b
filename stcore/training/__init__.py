"""Training: ``recipe`` (plain numbers), ``feed`` (tensors of a batch), ``evaluate``, and ``trainer``, the loop."""

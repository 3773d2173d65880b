"""Training a forecaster: ``trainer`` is the loop; ``recipe`` holds its plain numbers, ``losses`` and ``scores`` its errors."""

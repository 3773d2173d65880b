"""The archives of the field: numpy, pickle, HDF5 and JSON layouts of published forecasting code."""

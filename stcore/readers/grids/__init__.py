"""Grids and stations with coordinates: NetCDF, Zarr, GRIB, WeatherBench, and our own file."""

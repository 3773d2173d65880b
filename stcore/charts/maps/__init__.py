"""Maps of sensors, grids and districts: for the page, and flat for files and notebooks."""

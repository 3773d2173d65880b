"""Data in, figure out: plotly for what stands still, Altair and pydeck for what changes while a run is live."""

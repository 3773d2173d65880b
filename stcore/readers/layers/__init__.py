"""Map layers: roads, districts and coasts that are drawn underneath."""

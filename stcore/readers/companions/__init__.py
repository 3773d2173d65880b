"""What lies beside the readings: sensor locations, the graph, and lists that link both."""

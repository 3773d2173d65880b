"""Tables of text and Parquet: wide, long, a column per time of day, bare numbers, a file per station."""

"""Parsers that a hostile file can neither make run programs nor fill the memory."""

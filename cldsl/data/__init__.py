"""Data by name: embedded sources, files and hubs, opened as tables of named columns and read in seeded batches."""

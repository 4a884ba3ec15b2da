"""Small frozen extracts of public data, and how they were made."""

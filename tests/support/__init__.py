"""Helpers of the tests: comparisons that raise, and nothing that decides by itself what is right."""

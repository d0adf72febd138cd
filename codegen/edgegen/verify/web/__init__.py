"""Verifies a project of the family web: in a headless browser, against a server on this machine."""

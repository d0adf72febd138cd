"""Verifies a project of the family linux: here, and under emulation of Arm's processors."""

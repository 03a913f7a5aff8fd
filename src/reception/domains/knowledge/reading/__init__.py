"""Turns files into passages: one format a file, and a process of its own for all of it."""

"""Evaluation: scenarios in YAML are played against the real dialogue and graded on what the database then holds."""

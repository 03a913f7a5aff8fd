"""Recordings of calls: taken while the call runs, kept where the installation keeps them, for as long as allowed."""

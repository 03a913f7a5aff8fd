"""Agents: who answers for a business."""

"""Drafts of pages: what is chosen, the cases it is chosen from, their columns."""

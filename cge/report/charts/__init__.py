"""Figures for a paper, from the same pages as the tables."""

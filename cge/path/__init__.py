"""Paths of years: the benchmark year by year, what each year leaves to the next, and its rows.

A path is one variant under one elasticity set and one level of the returns to research:
:class:`cge.path.solving.PathContent`. Whoever needs its years, whatever for, calls

    cge.path.solving.solved_path(content, place) -> cge.path.solved.PathCase

in a task. Years that are kept in the place's store are read, others are solved and kept.
"""

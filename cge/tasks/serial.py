"""Tasks within a task: one after the other, in the process that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cge.tasks.runner import Place, Task


@dataclass
class Serial:
    """Does the tasks of a study that is itself a part of one task.

    Equal tasks are done once. Results are the outer task's to keep, but steps of long tasks
    are kept as ever, so that the outer task goes on where it was interrupted.

    Parameters
    ----------
    place : Place
        Of the outer task.
    """

    place: Place
    _found: dict[str, Any] = field(default_factory=dict, init=False)

    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """Results of tasks, in their order."""
        for task in tasks:
            if task.key not in self._found:
                place = replace(self.place, steps=self.place.store.steps(task.key))
                self._found[task.key] = task.function(task.content, place)
        return [self._found[task.key] for task in tasks]

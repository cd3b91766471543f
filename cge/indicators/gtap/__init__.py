"""An equilibrium in the terms of the standard GTAP model."""

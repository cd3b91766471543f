"""Square systems: compiled arrays, equations and derivatives, linear algebra, Newton's method."""

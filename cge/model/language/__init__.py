"""How the equations are written: what rules are made of, and elasticities left open."""

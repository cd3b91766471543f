"""The stress test: disruptions from equilibria with and without policy, and what they cost."""

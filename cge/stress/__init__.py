"""The stress test: disruptions from equilibria with and without policy, and what they cost.

Where its economics is decided, each in one place:

- the short run of a disruption, what is fixed in it and who lends:
  :func:`cge.resilience.preshock.short_closure`
- what stands in for an import, and at what cost: :mod:`cge.stress.stress_settings`
- which disruptions there are, how severe and how likely: the library
  (:mod:`cge.data.library`) and :func:`cge.resilience.disruptions.weights`
- what a disruption does: :mod:`cge.resilience.impact`
- statistics of losses: :meth:`cge.stress.viewers.Viewers.statistics`
- what a world without the policy is: :mod:`cge.stress.worlds`
"""

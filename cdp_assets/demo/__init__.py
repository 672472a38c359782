"""The simulated retailer: real baskets, made-up people, and the true answer to who is who.

`simulate` writes a demo inbox as the channels would deliver it and, beside it, the truth. What does not belong here:
anything that the pipeline reads or depends on; the truth is for evaluation only.
"""

from cdp_assets.demo.simulator import SimulationProblem, SimulationReport, simulate

TIME_ZONE = "America/New_York"  # the retailer's clock: its days are the truth's (chance.eastern)

__all__ = ["TIME_ZONE", "SimulationProblem", "SimulationReport", "simulate"]

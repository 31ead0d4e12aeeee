"""Chaos: real engines and real processes under random faults, and then every invariant.

One seed is one schedule of faults: `python -m tests.chaos --seeds 1-10 --seconds 40`. What fails prints its seed and
its story. The timing of the machine is no part of the seed: the same one may meet another moment.
"""

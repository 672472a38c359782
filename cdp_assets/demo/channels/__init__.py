"""One module per channel: what its export shows of the simulated orders and accounts, quirks included.

A writer turns tables of the current batch into rows under the channel's real header and lists the customer records that
they contain. Who the people are and what they buy is decided elsewhere.
"""

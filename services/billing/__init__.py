"""Billing answers for what may be billed, what was, and why.

It owns billing providers, fees, enrollments, payers with their rule sets, authorizations and issued
claims. It derives each client's service days, draft claims and correction proposals from what the
other services publish. What has left the house is never changed.
"""

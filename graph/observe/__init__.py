"""Tells operators what happens: log, metrics, traces and health.

Here belong a new metric, a new key of a log line, and what `/ready` says. Each request comes as a `RequestRecord`.
"""

"""Serves folders for as long as is asked for, while everything that can happen to them, to the keys, to the log and to
the workers does happen, and clients of four kinds read, subscribe and write.
"""

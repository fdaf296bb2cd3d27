"""Reads of the record for officers: the queue, one complaint, the list of escalations.

Each runs inside the caller's transaction as role `reader`: row-level security decides what exists, and what is
asked for here only narrows it. Every page takes a fixed number of statements.
"""

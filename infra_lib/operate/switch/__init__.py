"""Switching a machine where it is written: on, off, stopped, started, and for how long.

span → fields → find → edit → verify → files: a time as people say it; what a switch changes of a
machine; the call that describes the machine; the text with that changed; whether the fleet differs
in that and nothing else; and the file, written whole. `outcome` is what people and programs are
told of it, `stays` what goes on being billed, and `overdue` who is on for longer than was said.
"""

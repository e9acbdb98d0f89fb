"""`infra adopt`: a fleet that exists already becomes Python, and nothing is made anew.

`sources` are read, each by a module of its own; `describe` makes the model's own objects of them;
`written` writes those down as Python; and `takeover` says what the first deployment would do.
"""

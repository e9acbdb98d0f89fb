"""Whether machines are what the fleet says: what they are asked, and how their answers are judged.

`ask` asks, by one shell script over SSH. All else is functions of what was answered.
"""

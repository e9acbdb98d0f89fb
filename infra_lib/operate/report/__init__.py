"""The page that shows a fleet: its data, its drawings, and the HTML made of both.

`data` says what is on the page, `mesh` and `world` lay out what is drawn, `page` writes it all by
the templates beside them, and `file` puts it where it belongs.
"""

"""The page in the browser: widgets in, map out.

``page`` lays out one run of the page, ``question_form`` reads the question, ``panels`` hold what is shown about an
answer, ``map`` what the map draws, ``state`` what a visit remembers. ``launch`` and ``server`` start it all.
"""
